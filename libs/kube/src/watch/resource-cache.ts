import type { KubeObject } from '@meshfleet/model';
import type { KubeClient } from '../client.ts';
import type { Resource } from '../resource.ts';
import { createReplayWindow } from './replay-window.ts';
import { isNewer } from './resource-version.ts';
import type { WatchEventType } from './watch-once.ts';
import type { Timing, WatchCounters } from './watch-loop.ts';
import { runWatchLoop } from './watch-loop.ts';

/** One change of the cache. `object` is the whole object as it came; only its projection is kept. */
export interface CacheChange<T> {
  readonly namespace: string;
  readonly name: string;
  /** Undefined when the object is gone. */
  readonly value: T | undefined;
  readonly previous: T | undefined;
  readonly object: KubeObject | undefined;
}

export interface ResourceCacheOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean;
  /** What is kept of an object: memory follows this, not the size of objects. */
  project(object: KubeObject): T;
  /** Called for every event and listed object that is new to the cache. Must not throw. */
  onChange?(change: CacheChange<T>): void;
  /** A complete list was taken in. */
  onSynced?(): void;
  /** Something kept the cache from following the server; it goes on trying by itself. */
  onProblem?(problem: { readonly what: string; readonly error?: unknown }): void;
  readonly pageSize?: number;
  /** Runs a list when it may; see {@link createGate}. */
  readonly gate?: (list: () => Promise<void>) => Promise<void>;
  readonly timing?: Partial<Timing>;
  readonly random?: () => number;
}

/** A copy of one resource that follows the server: equal to it, but for the events still on their way. */
export interface ResourceCache<T> {
  get(namespace: string, name: string): T | undefined;
  /** The version of an object that the watch showed last; undefined when it shows none. */
  versionOf(namespace: string, name: string): string | undefined;
  entries(): IterableIterator<readonly [key: string, value: T]>;
  readonly size: number;
  readonly synced: boolean;
  readonly counters: Readonly<WatchCounters>;
  /** Drops the open watch and resumes where it was: for when there is a reason to think that it is dead. */
  reopen(): void;
  stop(): Promise<void>;
}

interface Held<T> {
  readonly resourceVersion: string;
  readonly value: T;
}

/** Starts following at once. Keys are `namespace/name`, or `name` for cluster-scoped objects. */
export function startResourceCache<T>(options: ResourceCacheOptions<T>): ResourceCache<T> {
  const held = new Map<string, Held<T>>();
  const window = createReplayWindow();
  let synced = false;

  const set = (key: string, object: KubeObject, trusted: boolean) => {
    const resourceVersion = object.metadata.resourceVersion ?? '';
    const before = held.get(key);
    // A list is the truth even when versions went back (etcd restored from a backup); an event that is not newer came twice or out of order.
    if (before !== undefined && (trusted ? before.resourceVersion === resourceVersion : !isNewer(resourceVersion, before.resourceVersion))) return;
    if (before === undefined && !trusted && window.deletedSince(key, resourceVersion)) return;
    const value = options.project(object);
    held.set(key, { resourceVersion, value });
    options.onChange?.({ ...nameOf(object), value, previous: before?.value, object });
  };

  const remove = (key: string, object: KubeObject | undefined) => {
    const before = held.get(key);
    if (before === undefined) return;
    held.delete(key);
    const slash = key.indexOf('/');
    options.onChange?.({
      namespace: slash === -1 ? '' : key.slice(0, slash),
      name: key.slice(slash + 1),
      value: undefined,
      previous: before.value,
      object,
    });
  };

  const loop = runWatchLoop({
    ...options,
    onListed() {
      const seen = new Set<string>();
      return {
        item(object) {
          const key = keyOf(object);
          seen.add(key);
          set(key, object, true);
        },
        done(resourceVersion) {
          for (const key of held.keys()) if (!seen.has(key)) remove(key, undefined);
          window.reset(resourceVersion);
          synced = true;
          options.onSynced?.();
        },
      };
    },
    onEvent(type: WatchEventType, object: KubeObject) {
      const resourceVersion = object.metadata.resourceVersion ?? '';
      if (type === 'BOOKMARK') {
        window.reset(resourceVersion);
        return;
      }
      const key = keyOf(object);
      if (type === 'DELETED') {
        const before = held.get(key);
        if (before === undefined || isNewer(resourceVersion, before.resourceVersion)) {
          window.deleted(key, resourceVersion);
          remove(key, object);
        }
      } else set(key, object, false);
      window.passed(resourceVersion);
    },
    resumeFrom: () => window.resumeFrom(),
  });

  return {
    get: (namespace, name) => held.get(placeOf(namespace, name))?.value,
    versionOf: (namespace, name) => held.get(placeOf(namespace, name))?.resourceVersion,
    *entries() {
      for (const [key, { value }] of held) yield [key, value] as const;
    },
    get size() {
      return held.size;
    },
    get synced() {
      return synced;
    },
    counters: loop.counters,
    reopen: () => loop.reopen(),
    stop: () => loop.stop(),
  };
}

const nameOf = (object: KubeObject): { namespace: string; name: string } => ({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' });

function keyOf(object: KubeObject): string {
  const { namespace, name } = nameOf(object);
  return placeOf(namespace, name);
}

const placeOf = (namespace: string, name: string): string => (namespace === '' ? name : `${namespace}/${name}`);
