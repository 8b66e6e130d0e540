import { parseObjectKey } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';
import type { JudgedReport } from './judge-report.ts';

/** Brings the inventory of clusters up to date: deltas on top, the first part of a full snapshot in place of what was there. */
export function writeInventory(tx: Tx, news: readonly JudgedReport[]): void {
  const taken = news.filter(({ takesInventory }) => takesInventory);
  const replaced = taken.filter(({ report }) => report.inventory?.base === 0).map(({ cluster }) => cluster.id);
  if (replaced.length > 0) tx.send('delete from inventory_item where organization_id = $1 and cluster_id = any($2::uuid[])', [tx.organizationId, replaced]);

  const removed = taken.flatMap(({ cluster, report }) => (report.inventory?.remove ?? []).map((key) => ({ clusterId: cluster.id, key })));
  if (removed.length > 0) tx.send(REMOVE, [tx.organizationId, removed.map(({ clusterId }) => clusterId), removed.map(({ key }) => key)]);

  const upserted = taken.flatMap(({ cluster, report }) => {
    const last = new Map((report.inventory?.upsert ?? []).map((item) => [item.key, item.body]));
    return [...last].flatMap(([key, body]) => {
      const parsed = parseObjectKey(key);
      return parsed === undefined ? [] : [{ clusterId: cluster.id, key, parsed, body }];
    });
  });
  if (upserted.length === 0) return;
  tx.send(UPSERT, [
    tx.organizationId,
    upserted.map(({ clusterId }) => clusterId),
    upserted.map(({ key }) => key),
    upserted.map(({ parsed }) => parsed.kind),
    upserted.map(({ parsed }) => parsed.namespace),
    upserted.map(({ parsed }) => parsed.name),
    upserted.map(({ body }) => JSON.stringify(body)),
  ]);
}

const REMOVE = `
  delete from inventory_item x using unnest($2::uuid[], $3::text[]) as w (cluster_id, object_key)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.object_key = w.object_key`;

const UPSERT = `
  insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body)
  select $1, w.cluster_id, w.object_key, w.kind, w.namespace, w.name, w.body::jsonb
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    as w (cluster_id, object_key, kind, namespace, name, body)
  on conflict (cluster_id, object_key) do update set body = excluded.body`;
