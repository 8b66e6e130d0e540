import {
  countConditions,
  countInventory,
  countPoliciesOfClusters,
  findClusters,
  listConditions,
  listDesiredStates,
  listInventory,
  listPoliciesOfClusters,
  type DesiredStateRow,
  type InventoryFilter,
  type InventoryRow,
  type ObjectConditionRow,
  type PolicyClusterRow,
} from '@meshfleet/store';
import type { BatchedList, NoFilter } from '../request/batched-list.ts';
import { byId } from '../request/by-id.ts';

export const clusterById = byId(Symbol('cluster'), findClusters);

export const policiesOfCluster: BatchedList<NoFilter, PolicyClusterRow> = {
  name: Symbol('policies of clusters'),
  cursor: ['string', 'uuid'],
  position: (row) => [row.name, row.policyId],
  read: (tx, parents, _filter, page) => listPoliciesOfClusters(tx, parents, page),
  count: (tx, parents) => countPoliciesOfClusters(tx, parents),
};

export const conditionsOfCluster: BatchedList<NoFilter, ObjectConditionRow> = {
  name: Symbol('conditions of clusters'),
  cursor: ['string', 'uuid'],
  position: (row) => [row.key, row.policyId],
  read: (tx, parents, _filter, page) => listConditions(tx, parents, page),
  count: (tx, parents) => countConditions(tx, parents),
};

export const inventoryOfCluster: BatchedList<InventoryFilter, InventoryRow> = {
  name: Symbol('inventories of clusters'),
  cursor: ['string'],
  position: (row) => [row.key],
  read: listInventory,
  count: countInventory,
};

export const desiredStatesOfCluster: BatchedList<NoFilter, DesiredStateRow> = {
  name: Symbol('desired states of clusters'),
  cursor: ['number'],
  position: (row) => [row.revision],
  read: (tx, parents, _filter, page) => listDesiredStates(tx, parents, page),
};
