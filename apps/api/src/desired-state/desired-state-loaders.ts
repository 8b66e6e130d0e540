import type { KubeObject } from '@meshfleet/model';
import type { DesiredState } from '@meshfleet/protocol';
import { findPreviousDesiredStates, loadContents, loadStates, type DesiredStateKey, type DesiredStateRow, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

const BODY = Symbol('body of a desired state');
const CONTENT = Symbol('content of an object');
const PREVIOUS = Symbol('previous desired state');
const EMPTY: DesiredState = { entries: [], tombstones: [] };

/** What a state holds. */
export async function stateBody(scope: RequestScope, digest: string): Promise<DesiredState> {
  return (await scope.loader<string, DesiredState | undefined>(BODY, inOrder(loadStates)).load(digest)) ?? EMPTY;
}

export function objectContent(scope: RequestScope, hash: string): Promise<KubeObject | undefined> {
  return scope.loader<string, KubeObject | undefined>(CONTENT, inOrder(loadContents)).load(hash);
}

/** The kept revision before this one. */
export function previousState(scope: RequestScope, key: DesiredStateKey): Promise<DesiredStateRow | undefined> {
  return scope
    .loader<DesiredStateKey, DesiredStateRow | undefined>(PREVIOUS, findPreviousDesiredStates, ({ clusterId, revision }) => `${clusterId} ${revision}`)
    .load({ clusterId: key.clusterId, revision: key.revision });
}

function inOrder<V>(load: (tx: Tx, keys: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
  return async (tx: Tx, keys: readonly string[]): Promise<(V | undefined)[]> => {
    const found = await load(tx, keys);
    return keys.map((key) => found.get(key));
  };
}
