import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { heldObjectKeys, mayOverlap } from './object-overlap.ts';
import { titleOf } from './rollout-row.ts';

/**
 * The rollout of another policy that is under way and may touch what this one does (by name, and by stored versions of it), or has by now, in
 * one of the clusters that are reached. The first of the values is the organization's id.
 */
export async function findOverlappingRollout(
  tx: Tx,
  policyId: string | undefined,
  touched: { readonly names: readonly string[]; readonly versions: readonly number[] },
  reached: { readonly text: string; readonly values: readonly unknown[] },
): Promise<{ readonly id: string; readonly title: string } | undefined> {
  const values = new Values(reached.values);
  const [policy, names] = [`${values.add(policyId ?? null)}::uuid`, `${values.add(JSON.stringify(touched.names))}::jsonb`];
  const versions = touched.versions.map((version) => `${values.add(version)}::int`);
  const { rows } = await tx.query<{ id: string; policyName: string; version: number | null }>(
    `with mine as materialized (select ${names} || ${heldObjectKeys(policy, versions)} as keys)
     select o.id, p.name as "policyName", o.version from rollout o join policy p on p.id = o.policy_id cross join mine
     where o.organization_id = $1 and o.active and o.policy_id is distinct from ${policy} and ${mayOverlap('mine.keys', 'o.object_keys')}
       and (not o.planned or exists (select from rollout_cluster k where k.rollout_id = o.id and k.cluster_id in (${reached.text})))
     order by o.id limit 1`,
    values.list,
  );
  const [row] = rows;
  return row === undefined ? undefined : { id: row.id, title: titleOf(row) };
}
