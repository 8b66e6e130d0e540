import {
  conditionsOfPairs,
  countClustersOfPolicies,
  findPolicies,
  findPolicyVersions,
  listClustersOfPolicies,
  listPolicyVersions,
  summarizePolicies,
  type ObjectConditionRow,
  type PolicyClusterRow,
  type PolicyClusterStatus,
  type PolicyInCluster,
  type PolicySummary,
  type PolicyVersionKey,
  type PolicyVersionRow,
} from '@meshfleet/store';
import type { BatchedList, NoFilter } from '../request/batched-list.ts';
import { byId } from '../request/by-id.ts';
import type { RequestScope } from '../request/request-scope.ts';

export const policyById = byId(Symbol('policy'), findPolicies);

const VERSION = Symbol('version of a policy');
export function policyVersion(scope: RequestScope, key: PolicyVersionKey): Promise<PolicyVersionRow | undefined> {
  return scope.loader<PolicyVersionKey, PolicyVersionRow | undefined>(VERSION, findPolicyVersions, ({ policyId, version }) => `${policyId} ${version}`).load(key);
}

const SUMMARY = Symbol('summary of a policy');
export function policySummary(scope: RequestScope, policyId: string): Promise<PolicySummary> {
  return scope.loader<string, PolicySummary>(SUMMARY, summarizePolicies).load(policyId);
}

const CONDITIONS = Symbol('conditions of a policy in a cluster');
export function conditionsOfPair(scope: RequestScope, pair: PolicyInCluster): Promise<ObjectConditionRow[]> {
  return scope
    .loader<PolicyInCluster, ObjectConditionRow[]>(CONDITIONS, conditionsOfPairs, ({ policyId, clusterId }) => `${policyId} ${clusterId}`)
    .load({ policyId: pair.policyId, clusterId: pair.clusterId });
}

export const versionsOfPolicy: BatchedList<NoFilter, PolicyVersionRow> = {
  name: Symbol('versions of policies'),
  cursor: ['number'],
  position: (row) => [row.version],
  read: (tx, parents, _filter, page) => listPolicyVersions(tx, parents, page),
};

export const clustersOfPolicy: BatchedList<{ readonly status?: readonly PolicyClusterStatus[] }, PolicyClusterRow> = {
  name: Symbol('clusters of policies'),
  cursor: ['string', 'uuid'],
  position: (row) => [row.name, row.clusterId],
  read: (tx, parents, filter, page) => listClustersOfPolicies(tx, parents, filter.status, page),
  count: (tx, parents, filter) => countClustersOfPolicies(tx, parents, filter.status),
};
