import { randomUUID } from 'node:crypto';
import type { KubeObject } from '@meshfleet/model';
import { contentHash, formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { digestOf, normalizeState } from '@meshfleet/protocol';
import type { DesiredState } from '@meshfleet/protocol';
import type { TestGateway } from './gateway.fixture.ts';

export function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data };
}

/** What the compiler would have written, notice included: the cluster's next revision holds these objects. */
export async function desire(
  { db }: TestGateway,
  organizationId: string,
  clusterId: string,
  objects: readonly KubeObject[],
  { policyId = randomUUID(), tombstones = [] as DesiredState['tombstones'] } = {},
): Promise<{ readonly state: DesiredState; readonly digest: string; readonly revision: number }> {
  const entries = objects.map((object) => ({
    key: formatObjectKey(objectKeyOf(object)),
    hash: contentHash(object),
    policyId,
    drift: 'CORRECT' as const,
    conflicts: 'REPORT' as const,
  }));
  const state = normalizeState({ entries, tombstones });
  const digest = digestOf(state);
  const revision = await db.store.transaction(organizationId, async (tx) => {
    for (const object of objects) {
      const body = JSON.stringify(object);
      await tx.query('insert into object_content (organization_id, hash, body, size) values ($1, $2, $3, $4) on conflict do nothing', [organizationId, contentHash(object), body, body.length]);
    }
    await tx.query('insert into desired_state_body (organization_id, digest, body) values ($1, $2, $3) on conflict do nothing', [organizationId, digest, JSON.stringify(state)]);
    const { rows } = await tx.query<{ revision: number; epoch: number }>(
      `update cluster c set desired_revision = desired_revision + 1, desired_digest = $2 from organization o
       where c.id = $1 and o.id = c.organization_id returning desired_revision as revision, o.epoch`,
      [clusterId, digest],
    );
    const { revision: next, epoch } = rows[0] ?? { revision: 0, epoch: 0 };
    await tx.query(
      'insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count) values ($1, $2, $3, $4, $5, $6, $7)',
      [organizationId, clusterId, next, epoch, digest, state.entries.length, state.tombstones.length],
    );
    tx.notify('meshfleet_desired', JSON.stringify({ o: organizationId, c: [[clusterId, epoch, next]] }));
    return next;
  });
  return { state, digest, revision };
}

/** A policy that reaches a cluster with its next revision. */
export async function assignPolicy(
  { db }: TestGateway,
  organizationId: string,
  clusterId: string,
  { version = 1 as number | null, revision = 1 } = {},
): Promise<string> {
  const policyId = randomUUID();
  await db.admin.query('insert into policy (id, organization_id, name) values ($1, $2, $3)', [policyId, organizationId, `p-${policyId}`]);
  await db.admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status) values ($1, $2, $3, $4, $5, 'PENDING')`,
    [organizationId, policyId, clusterId, version, revision],
  );
  return policyId;
}

export async function policyStatus({ db }: TestGateway, clusterId: string, policyId: string): Promise<string | undefined> {
  const { rows } = await db.admin.query<{ status: string }>('select status from policy_cluster where cluster_id = $1 and policy_id = $2', [clusterId, policyId]);
  return rows[0]?.status;
}
