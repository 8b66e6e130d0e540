import type { Tx } from '../connection/sql.ts';
import type { DesiredStateCause } from '../desired-state/write-desired-states.ts';

/** A revision of a cluster's desired state that changed one object. */
export interface ObjectRevision {
  readonly revision: number;
  readonly createdAt: Date;
  readonly causes: readonly DesiredStateCause[];
  /** Content and policy from this revision on; null: the object is not part of it. */
  readonly hash: string | null;
  readonly policyId: string | null;
}

/** Revisions that are looked at: reading an object out of a large state costs time. */
const NEWEST = 100;

/** What became of one object in the newest kept revisions of a cluster, the newest change first. */
export async function listObjectRevisions(tx: Tx, clusterId: string, key: string): Promise<ObjectRevision[]> {
  const { rows } = await tx.query<ObjectRevision>(
    `with kept as (
       select d.revision, d.created_at, d.cause, d.organization_id, d.digest from desired_state d
       where d.organization_id = $1 and d.cluster_id = $2 order by d.revision desc limit ${NEWEST}),
     held as (
       select k.revision, k.created_at, k.cause, e.entry ->> 'hash' as hash, e.entry ->> 'policyId' as policy_id
       from kept k join desired_state_body b on b.organization_id = k.organization_id and b.digest = k.digest
       cross join lateral (select jsonb_path_query_first(b.body, '$.entries[*] ? (@.key == $key)', jsonb_build_object('key', $3::text)) as entry) e),
     told as (
       select h.*, lag(h.hash) over w as hash_before, lag(h.policy_id) over w as policy_before, row_number() over w as place
       from held h window w as (order by h.revision))
     select revision, created_at as "createdAt", cause as causes, hash, policy_id as "policyId" from told
     where (place = 1 and hash is not null) or (place > 1 and (hash, policy_id) is distinct from (hash_before, policy_before))
     order by revision desc`,
    [tx.organizationId, clusterId, key],
  );
  return rows;
}
