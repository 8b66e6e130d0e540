import { findDesiredStates, type DesiredStateKey, type DesiredStateRow } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';
import type { RequestScope } from '../request/request-scope.ts';

/** A desired state as GraphQL's type DesiredState. */
export function desiredStateView(row: DesiredStateRow) {
  return {
    __typename: 'DesiredState' as const,
    row,
    id: formatGlobalId({ type: 'DesiredState', id: row.clusterId, revision: row.revision }),
    revision: row.revision,
    epoch: row.epoch,
    digest: row.digest,
    objectCount: row.objectCount,
    tombstoneCount: row.tombstoneCount,
    createdAt: row.createdAt,
  };
}

export type DesiredStateView = ReturnType<typeof desiredStateView>;

const STATE = Symbol('desired state');

/** One cluster's desired state of one revision; null when it is not kept any more. */
export async function desiredStateOf(scope: RequestScope, clusterId: string, revision: number): Promise<DesiredStateView | null> {
  const row = await loadDesiredState(scope, { clusterId, revision });
  return row === undefined ? null : desiredStateView(row);
}

export function loadDesiredState(scope: RequestScope, key: DesiredStateKey): Promise<DesiredStateRow | undefined> {
  return scope.loader<DesiredStateKey, DesiredStateRow | undefined>(STATE, findDesiredStates, ({ clusterId, revision }) => `${clusterId} ${revision}`).load(key);
}
