import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../../seam.ts';
import type { Change } from '../../storage/event-log.ts';
import { expired, invalid } from '../status-error.ts';
import type { Status } from '../status-error.ts';
import { apiVersionOf } from './strategy.ts';
import { inVersion, tableOf, type Engine } from './engine.ts';
import { parseResourceVersion, predicate } from './list-objects.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly object: Status };

export interface WatchOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
}

export interface Watch {
  /** Sends a bookmark with the newest resource version, if the client takes bookmarks. */
  bookmark(): void;
  stop(): void;
}

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

/**
 * WATCH: everything after a resource version, in order, without gaps. Without one, or with "0", what is there comes first as ADDED.
 * A version that history has forgotten is answered by an ERROR event with 410, as kube-apiserver does once a watch is accepted.
 * `emit` may be called before this returns; `close` when the resource goes away or connections are cut.
 */
export function watchObjects(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  options: WatchOptions,
  emit: (event: WatchEvent) => void,
  close: () => void,
): Watch {
  checkOptions(options);
  const matches = predicate(info, options);
  const scope = info.namespaced && namespace !== undefined ? { namespace } : {};
  const within = (object: KubeObject): boolean =>
    (scope.namespace === undefined || object.metadata.namespace === scope.namespace) && (matches === undefined || matches(object));
  const table = tableOf(engine, info);
  const asked = parseResourceVersion(options.resourceVersion);
  const fromState = options.sendInitialEvents === true || ((asked === undefined || asked === 0) && options.sendInitialEvents !== false);
  const bookmark = (annotations?: Record<string, string>): void => {
    if (options.allowWatchBookmarks === true) emit({ type: 'BOOKMARK', object: bookmarkObject(info, engine.store.resourceVersion, annotations) });
  };
  const send = (change: Change): void => {
    const event = translate(change, within);
    if (event !== undefined) emit({ type: event.type, object: inVersion(event.object, info) });
  };

  if (fromState) {
    for (const { object } of table.scan(scope)) if (within(object)) emit({ type: 'ADDED', object: inVersion(object, info) });
    if (options.sendInitialEvents === true) bookmark(INITIAL_EVENTS_END);
  } else {
    const since = asked ?? engine.store.resourceVersion;
    if (!table.log.covers(since)) {
      emit({ type: 'ERROR', object: expired(`too old resource version: ${since} (${table.log.forgotten})`).status });
      close();
      return { bookmark: () => undefined, stop: () => undefined };
    }
    for (const change of table.log.after(since)) send(change);
  }
  // The table is synchronous, so nothing can happen between what was replayed and what follows.
  const floor = fromState ? 0 : (asked ?? 0);
  const stop = table.watch((change) => {
    if (change.resourceVersion > floor) send(change);
  }, close);
  return { bookmark: () => bookmark(), stop };
}

/** What a watcher with a selector sees: an object that moves out of it is DELETED for him, one that moves in is ADDED. */
function translate(change: Change, within: (object: KubeObject) => boolean): { type: Change['type']; object: KubeObject } | undefined {
  const now = change.type !== 'DELETED' && within(change.object);
  const before = change.old !== undefined && within(change.old);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: change.object };
  if (!before || change.old === undefined) return undefined;
  // The last state that he could see, under the resource version of the change.
  const { resourceVersion } = change.object.metadata;
  return { type: 'DELETED', object: { ...change.old, metadata: { ...change.old.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } } };
}

function bookmarkObject(info: ResourceInfo, resourceVersion: number, annotations: Record<string, string> | undefined): KubeObject {
  return {
    kind: info.kind,
    apiVersion: apiVersionOf(info),
    metadata: { resourceVersion: String(resourceVersion), ...(annotations === undefined ? {} : { annotations }) },
  };
}

function checkOptions(options: WatchOptions): void {
  const refuse = (field: string, message: string) =>
    invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [{ reason: 'FieldValueForbidden', message: `Forbidden: ${message}`, field }]);
  const { sendInitialEvents, resourceVersionMatch } = options;
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch !== undefined && resourceVersionMatch !== '') {
      throw refuse('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    }
    return;
  }
  if (resourceVersionMatch !== 'NotOlderThan') {
    throw refuse('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
}
