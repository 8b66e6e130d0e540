import type { KubeObject } from '@meshfleet/model';
import { EventLog, type Change } from './event-log.ts';
import { SortedKeys } from './sorted-keys.ts';

export type ChangeListener = (change: Change) => void;

/** Where a consistent page begins and what it may see. */
export interface ScanOptions {
  /** Only this namespace; absent: all. */
  readonly namespace?: string;
  /** First key to look at. */
  readonly from?: string;
  /** See the table as it was at this resource version. */
  readonly at?: number;
}

/** Namespaced keys are `namespace/name`; cluster-scoped ones are the bare name. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** All objects of one resource in key order, with their recent history and those who watch it. */
export class Table {
  readonly #objects = new Map<string, KubeObject>();
  readonly #keys = new SortedKeys();
  readonly #listeners = new Set<ChangeListener>();
  readonly #closers = new Set<() => void>();
  /** `deployments.apps`: the resource across its versions. */
  readonly id: string;
  readonly log: EventLog;

  constructor(id: string, historyLimit: number) {
    this.id = id;
    this.log = new EventLog(historyLimit);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** Puts a change in force. The store alone calls it: it gives out the resource versions. */
  commit(change: Change): void {
    this.restore(change.key, change.type === 'DELETED' ? undefined : change.object);
    this.log.append(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** Sets an object without history: what was read from the data file. */
  restore(key: string, object: KubeObject | undefined): void {
    if (object === undefined) {
      if (this.#objects.delete(key)) this.#keys.delete(key);
      return;
    }
    if (!this.#objects.has(key)) this.#keys.add(key);
    this.#objects.set(key, object);
  }

  /** Objects in key order. Undoing history makes old snapshots readable without a copy of each version. */
  *scan(options: ScanOptions = {}): Generator<{ key: string; object: KubeObject }> {
    const prefix = options.namespace === undefined ? '' : `${options.namespace}/`;
    const start = options.from !== undefined && options.from > prefix ? options.from : prefix;
    const undone = options.at === undefined ? undefined : this.#undone(options.at);
    const revived = undone === undefined ? [] : this.#revivedKeys(undone, start, prefix);
    let next = 0;
    for (let index = this.#keys.lowerBound(start); ; ) {
      const present = this.#keys.at(index);
      const key = present === undefined || !present.startsWith(prefix) ? undefined : present;
      const ghost = revived[next];
      if (key === undefined && ghost === undefined) return;
      if (key === undefined || (ghost !== undefined && ghost < key)) {
        next += 1;
        yield { key: ghost as string, object: undone?.get(ghost as string) as KubeObject };
        continue;
      }
      index += 1;
      const object = undone?.has(key) ? undone.get(key) : this.#objects.get(key);
      if (object === undefined) continue;
      yield { key, object };
      // The table may have moved while the reader was away.
      if (this.#keys.at(index - 1) !== key) index = this.#keys.lowerBound(`${key}\u0000`);
    }
  }

  /** How many keys of the namespace (or all) stand at or after a key. */
  countFrom(key: string, namespace?: string): number {
    const end = namespace === undefined ? this.#keys.size : this.#keys.lowerBound(`${namespace}0`);
    return Math.max(0, end - this.#keys.lowerBound(key));
  }

  /** Calls back on each change; `onClose` when the resource itself goes away or every connection is cut. */
  watch(listener: ChangeListener, onClose: () => void): () => void {
    this.#listeners.add(listener);
    this.#closers.add(onClose);
    return () => {
      this.#listeners.delete(listener);
      this.#closers.delete(onClose);
    };
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  closeWatches(): void {
    for (const close of [...this.#closers]) close();
  }

  #undone(at: number): Map<string, KubeObject | undefined> {
    const undone = new Map<string, KubeObject | undefined>();
    const changes = this.log.after(at);
    for (let index = changes.length - 1; index >= 0; index -= 1) {
      const change = changes[index] as Change;
      undone.set(change.key, change.old);
    }
    return undone;
  }

  #revivedKeys(undone: Map<string, KubeObject | undefined>, start: string, prefix: string): string[] {
    const keys: string[] = [];
    for (const [key, object] of undone) {
      if (object !== undefined && !this.#objects.has(key) && key >= start && key.startsWith(prefix)) keys.push(key);
    }
    return keys.sort();
  }
}
