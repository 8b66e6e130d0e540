import { kindName } from '@meshfleet/protocol';
import type { ServedKind } from '@meshfleet/protocol';
import type { Sql, Tx } from '../connection/sql.ts';
import { OUTBOX_CHANNEL } from '../outbox/enqueue.ts';

/** Schemas that an organization may have: every version of every mesh that its clusters run, with room to spare. */
const MOST_SCHEMAS = 5_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Read at once; what is beyond counts as not known. */
const MOST_READ_BYTES = 32 * 1024 * 1024;

/** Those of the digests whose schemas nobody has sent yet. */
export async function findUnknownSchemas(tx: Tx, digests: readonly string[]): Promise<string[]> {
  if (digests.length === 0) return [];
  const { rows } = await tx.query<{ digest: string }>(
    `select w.digest from unnest($2::text[]) as w (digest)
     where not exists (select from kind_schema k where k.organization_id = $1 and k.digest = w.digest)`,
    [tx.organizationId, digests],
  );
  return rows.map(({ digest }) => digest);
}

/**
 * Keeps the schemas of a kind under their digest, once, if a cluster says that it serves that kind so; what was rendered for
 * such clusters without them is due again. `UNASKED`: none does. `FULL`: the organization has too many.
 */
export async function insertKindSchema(tx: Tx, digest: string, body: ServedKind): Promise<'KEPT' | 'UNASKED' | 'FULL'> {
  const text = JSON.stringify(body);
  const size = Buffer.byteLength(text);
  // One after another, so that all together stay within what an organization may have.
  tx.send(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`kind_schema/${tx.organizationId}`]);
  const { rows } = await tx.query<{ named: boolean; known: boolean; full: boolean }>(STANDING, [tx.organizationId, digest, kindName(body), size]);
  const [standing] = rows;
  if (standing?.named !== true) return 'UNASKED';
  if (standing.known) return 'KEPT';
  if (standing.full) return 'FULL';
  tx.send('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, $4) on conflict (organization_id, digest) do nothing', [tx.organizationId, digest, text, size]);
  tx.send(WAKE, [tx.organizationId, kindName(body), digest]);
  tx.notify(OUTBOX_CHANNEL, tx.organizationId);
  return 'KEPT';
}

// Clusters that serve it, and hold something of the kind that was rendered for them when nobody knew it.
const WAKE = `
  insert into outbox (organization_id, topic, payload)
  select $1, 'cluster.changed', jsonb_build_object('clusterId', c.id, 'reason', 'LABELS', 'actor', 'agent:' || c.name)
  from cluster c where c.organization_id = $1 and c.lifecycle <> 'EVICTED' and c.facts->'kindSchemas'->>$2 = $3
    and exists (select from policy_cluster x join policy_version v on v.policy_id = x.policy_id and v.version = x.version
      where x.cluster_id = c.id and x.rendering is not null
        and exists (select from jsonb_array_elements(v.objects) o where starts_with(o.value->>'key', $2 || '/')))`;

const STANDING = `
  select exists (select from cluster c where c.organization_id = $1 and c.lifecycle <> 'EVICTED' and c.facts->'kindSchemas'->>$3 = $2) as named,
    exists (select from kind_schema k where k.organization_id = $1 and k.digest = $2) as known,
    (select count(*) >= ${MOST_SCHEMAS} or coalesce(sum(k.size), 0) + $4::int > ${MOST_BYTES} from kind_schema k where k.organization_id = $1) as full`;

/** Schemas by digest, with their size as text; those that are not there are left out. */
export async function findKindSchemas(sql: Sql, digests: readonly string[]): Promise<ReadonlyMap<string, { readonly body: ServedKind; readonly size: number }>> {
  const { rows } = await sql.query<{ digest: string; body: ServedKind; size: number }>(
    `select digest, body, size from (select k.*, sum(k.size) over (order by k.digest) as total from kind_schema k where k.digest = any($1::text[])) w
     where w.total <= ${MOST_READ_BYTES}`,
    [digests],
  );
  return new Map(rows.map(({ digest, body, size }) => [digest, { body, size }]));
}
