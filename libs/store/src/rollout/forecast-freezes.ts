import { parseLabelSelector } from '@meshfleet/model';
import type { ForecastFreeze } from '@meshfleet/planner';
import { labelConditions } from '../cluster/label-conditions.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { openFreezes } from './freezes.ts';

/** The freezes in force, for each rollout with those of its clusters that have yet to be told and that each one holds. */
export async function freezesOfRollouts(tx: Tx, rolloutIds: readonly string[], now: Date): Promise<ForecastFreeze[][]> {
  const found = rolloutIds.map((): ForecastFreeze[] => []);
  for (const { clusterSelector, endsAt } of await openFreezes(tx, now)) {
    const until = endsAt === null ? null : endsAt.getTime();
    const whole = clusterSelector === null || clusterSelector === '';
    const held = whole ? undefined : await heldBy(tx, rolloutIds, clusterSelector);
    for (const [index, id] of rolloutIds.entries()) found[index]?.push({ until, clusters: held === undefined ? 'ALL' : (held.get(id) ?? NOBODY) });
  }
  return found;
}

const NOBODY: ReadonlyMap<number, readonly string[]> = new Map();

async function heldBy(tx: Tx, rolloutIds: readonly string[], clusterSelector: string): Promise<Map<string, Map<number, readonly string[]>>> {
  const values = new Values([tx.organizationId, rolloutIds]);
  const conditions = ['k.organization_id = $1', 'k.rollout_id = any($2::uuid[])', `k.phase = 'PENDING'`, ...labelConditions(parseLabelSelector(clusterSelector), values)];
  const { rows } = await tx.query<{ rolloutId: string; wave: number; clusterIds: string[] }>(
    `select k.rollout_id as "rolloutId", k.wave, array_agg(k.cluster_id) as "clusterIds"
     from rollout_cluster k join cluster c on c.id = k.cluster_id where ${conditions.join(' and ')} group by 1, 2`,
    values.list,
  );
  return new Map([...Map.groupBy(rows, ({ rolloutId }) => rolloutId)].map(([id, theirs]) => [id, new Map(theirs.map(({ wave, clusterIds }) => [wave, clusterIds]))]));
}
