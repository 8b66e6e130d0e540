import type { KubeObject } from '@meshfleet/model';
import type { Change } from './event-log.ts';
import { deepFreeze } from './freeze.ts';
import type { Journal } from './journal.ts';
import { Table } from './table.ts';

export interface StoreOptions {
  /** Changes kept per resource for watches that resume. */
  readonly historyLimit?: number;
  readonly journal?: Journal;
}

/** All that the store tells to those who follow every resource. */
export type CommitListener = (table: Table, change: Change) => void;

/**
 * The objects of one cluster under one resource version that only grows, as etcd's revision does. Objects are frozen: who holds one holds a
 * snapshot. It knows nothing of kinds, owners or validation.
 */
export class ObjectStore {
  readonly #tables = new Map<string, Table>();
  readonly #listeners = new Set<CommitListener>();
  readonly #historyLimit: number;
  readonly #journal: Journal | undefined;
  #resourceVersion = 1;

  constructor(options: StoreOptions = {}) {
    this.#historyLimit = options.historyLimit ?? 5_000;
    this.#journal = options.journal;
    if (this.#journal === undefined) return;
    const replayed = this.#journal.replay((record) => {
      this.table(record.table).restore(record.key, record.object === null ? undefined : deepFreeze(record.object));
    });
    this.#resourceVersion = Math.max(1, replayed);
    this.compact();
  }

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  tables(): Iterable<Table> {
    return this.#tables.values();
  }

  table(id: string): Table {
    let table = this.#tables.get(id);
    if (table === undefined) {
      table = new Table(id, this.#historyLimit);
      this.#tables.set(id, table);
    }
    return table;
  }

  /** Writes an object under the next resource version and returns it as it is now kept. */
  put(table: Table, key: string, object: KubeObject): KubeObject {
    const resourceVersion = (this.#resourceVersion += 1);
    const kept = deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(resourceVersion) } });
    const old = table.get(key);
    this.#commit(table, old === undefined
      ? { type: 'ADDED', key, resourceVersion, object: kept }
      : { type: 'MODIFIED', key, resourceVersion, object: kept, old });
    return kept;
  }

  /** Removes an object. The last state carries the resource version of the deletion, as watchers see it. */
  remove(table: Table, key: string): KubeObject | undefined {
    const old = table.get(key);
    if (old === undefined) return undefined;
    const resourceVersion = (this.#resourceVersion += 1);
    const last = deepFreeze({ ...old, metadata: { ...old.metadata, resourceVersion: String(resourceVersion) } });
    this.#commit(table, { type: 'DELETED', key, resourceVersion, object: last, old });
    return last;
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets history: whoever resumes from before now gets 410. */
  compact(): void {
    for (const table of this.#tables.values()) table.log.compact(this.#resourceVersion);
  }

  closeWatches(): void {
    for (const table of this.#tables.values()) table.closeWatches();
  }

  #commit(table: Table, change: Change): void {
    this.#journal?.append({
      resourceVersion: change.resourceVersion,
      table: table.id,
      key: change.key,
      object: change.type === 'DELETED' ? null : change.object,
    });
    table.commit(change);
    for (const listener of this.#listeners) listener(table, change);
  }
}
