import { forecastRollout } from '@meshfleet/planner';
import type { ForecastFreeze, RolloutCluster, RolloutForecast } from '@meshfleet/planner';
import {
  countClustersOfRollouts,
  findActiveRollouts,
  findRollouts,
  freezesOfRollouts,
  listClustersOfRollouts,
  listEventsOfRollouts,
  listRolloutsOfPolicies,
  pacesOfRollouts,
  tallyRollouts,
  type RolloutClusterFilter,
  type RolloutClusterRow,
  type RolloutEventRow,
  type RolloutRow,
  type RolloutTally,
} from '@meshfleet/store';
import type { BatchedList, NoFilter } from '../request/batched-list.ts';
import { byId } from '../request/by-id.ts';
import type { RequestScope } from '../request/request-scope.ts';

export const rolloutById = byId(Symbol('rollout'), findRollouts);

const ACTIVE = Symbol('active rollout of a policy');
export function activeRolloutOf(scope: RequestScope, policyId: string): Promise<RolloutRow | undefined> {
  return scope.loader<string, RolloutRow | undefined>(ACTIVE, findActiveRollouts).load(policyId);
}

const TALLY = Symbol('tally of a rollout');
export function tallyOf(scope: RequestScope, rolloutId: string): Promise<RolloutTally[]> {
  return scope.loader<string, RolloutTally[]>(TALLY, tallyRollouts).load(rolloutId);
}

export const rolloutsOfPolicy: BatchedList<NoFilter, RolloutRow> = {
  name: Symbol('rollouts of policies'),
  cursor: ['uuid'],
  position: (row) => [row.id],
  read: (tx, parents, _filter, page) => listRolloutsOfPolicies(tx, parents, page),
};

export const clustersOfRollout: BatchedList<RolloutClusterFilter, RolloutClusterRow> = {
  name: Symbol('clusters of rollouts'),
  cursor: ['number', 'string', 'uuid'],
  position: (row) => [row.wave, row.name, row.clusterId],
  read: (tx, parents, filter, page) => listClustersOfRollouts(tx, parents, filter, page),
  count: (tx, parents, filter) => countClustersOfRollouts(tx, parents, filter),
};

export const eventsOfRollout: BatchedList<NoFilter, RolloutEventRow> = {
  name: Symbol('events of rollouts'),
  cursor: ['number'],
  position: (row) => [row.id],
  read: (tx, parents, _filter, page) => listEventsOfRollouts(tx, parents, page),
};

const PACE = Symbol('pace of a rollout');
const FREEZES = Symbol('freezes that hold up a rollout');

/** When it will be done, as far as that can be said now. */
export async function forecastOf(scope: RequestScope, row: RolloutRow, now: Date): Promise<RolloutForecast> {
  if (!row.planned || !row.active) return { waves: [], doneAt: null, assumptions: [] };
  const [clusters, freezes] = await Promise.all([
    scope.loader<string, RolloutCluster[]>(PACE, pacesOfRollouts).load(row.id),
    scope.loader<string, ForecastFreeze[]>(FREEZES, (tx, rolloutIds) => freezesOfRollouts(tx, rolloutIds, now)).load(row.id),
  ]);
  return forecastRollout(row.strategy, { ...row.state, clusters }, now.getTime(), freezes);
}
