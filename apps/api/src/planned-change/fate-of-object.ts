import { findFatesOfObjects, type ObjectFate } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

export interface ObjectOfCluster {
  readonly clusterId: string;
  readonly key: string;
}

const FATE = Symbol('what comes of objects that are let go');

/** What comes of an object when a change lets it go, as far as its agent has said. */
export function fateOfObject(scope: RequestScope, { clusterId, key }: ObjectOfCluster): Promise<ObjectFate> {
  return scope.loader<ObjectOfCluster, ObjectFate>(FATE, findFatesOfObjects, (object) => `${object.clusterId} ${object.key}`).load({ clusterId, key });
}
