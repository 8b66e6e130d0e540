import type { Tx } from '../connection/sql.ts';
import { heldObjectKeys, mayOverlap } from './object-overlap.ts';
import { titleOf } from './rollout-row.ts';

/**
 * The rollout of another policy that is under way and may touch one of these objects, or one that the policy has by now, in
 * one of the clusters that are reached. The first of the values is the organization's id.
 */
export async function findOverlappingRollout(
  tx: Tx,
  policyId: string | undefined,
  objectKeys: readonly string[],
  reached: { readonly text: string; readonly values: readonly unknown[] },
): Promise<{ readonly id: string; readonly title: string } | undefined> {
  const [policy, keys] = [`$${reached.values.length + 1}::uuid`, `$${reached.values.length + 2}::jsonb`];
  const { rows } = await tx.query<{ id: string; policyName: string; version: number | null }>(
    `with mine as materialized (select ${keys} || ${heldObjectKeys(policy)} as keys)
     select o.id, p.name as "policyName", o.version from rollout o join policy p on p.id = o.policy_id cross join mine
     where o.organization_id = $1 and o.active and o.policy_id is distinct from ${policy} and ${mayOverlap('mine.keys', 'o.object_keys')}
       and (not o.planned or exists (select from rollout_cluster k where k.rollout_id = o.id and k.cluster_id in (${reached.text})))
     order by o.id limit 1`,
    [...reached.values, policyId ?? null, JSON.stringify(objectKeys)],
  );
  const [row] = rows;
  return row === undefined ? undefined : { id: row.id, title: titleOf(row) };
}
