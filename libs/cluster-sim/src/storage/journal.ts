import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KubeObject } from '@meshfleet/model';

export interface JournalRecord {
  readonly resourceVersion: number;
  readonly table: string;
  readonly key: string;
  /** null: deleted. */
  readonly object: KubeObject | null;
}

const FULL_DISK_MS = 1_000;

interface VaultRecord {
  readonly vault: string;
  readonly value: string;
}

/**
 * The data file: one JSON line per change, appended when the event loop comes round, and rewritten at start without what is dead.
 * After `kill -9` at most the last turn of the loop is missing; a torn last line is dropped. On a full disk the cluster goes on
 * out of memory, and what is missing is written when there is space again.
 */
export class Journal {
  readonly #path: string;
  readonly #vault = new Map<string, string>();
  #file: number | undefined;
  #pending: string[] = [];
  /** What the disk has not taken yet of the lines before those. */
  #rest: Buffer = Buffer.alloc(0);
  #scheduled = false;

  readonly #writeSome: (file: number, bytes: Buffer) => number;

  /** @param writeSome Writes as much as the disk takes, and says how much that was. */
  constructor(path: string, writeSome: (file: number, bytes: Buffer) => number = (file, bytes) => writeSync(file, bytes)) {
    this.#path = path;
    this.#writeSome = writeSome;
  }

  /** Reads what is on disk, hands out the living objects and opens the file for appending. Answers the last resource version. */
  replay(restore: (record: JournalRecord) => void): number {
    mkdirSync(dirname(this.#path), { recursive: true });
    const living = new Map<string, JournalRecord>();
    let last = 0;
    for (const record of this.#read()) {
      if ('vault' in record) {
        this.#vault.set(record.vault, record.value);
        continue;
      }
      last = Math.max(last, record.resourceVersion);
      const id = `${record.table}\n${record.key}`;
      if (record.object === null) living.delete(id);
      else living.set(id, record);
    }
    for (const record of living.values()) restore(record);
    this.#rewrite(living.values(), last);
    return last;
  }

  append(record: JournalRecord): void {
    this.#write(JSON.stringify(record));
  }

  readonly vault = {
    get: (key: string): string | undefined => this.#vault.get(key),
    set: (key: string, value: string): void => {
      this.#vault.set(key, value);
      this.#write(JSON.stringify({ vault: key, value } satisfies VaultRecord));
    },
  };

  /** Puts everything on disk now; throws what the disk says. */
  flush(): void {
    if (this.#file === undefined) return;
    if (this.#pending.length > 0) {
      this.#rest = Buffer.concat([this.#rest, Buffer.from(`${this.#pending.join('\n')}\n`)]);
      this.#pending = [];
    }
    while (this.#rest.length > 0) this.#rest = this.#rest.subarray(this.#writeSome(this.#file, this.#rest));
  }

  close(): void {
    this.flush();
    if (this.#file === undefined) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#file = undefined;
  }

  #write(line: string): void {
    this.#pending.push(line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flushWhenItGoes());
  }

  #flushWhenItGoes(): void {
    try {
      this.flush();
      this.#scheduled = false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      setTimeout(() => this.#flushWhenItGoes(), FULL_DISK_MS).unref();
    }
  }

  *#read(): Generator<JournalRecord | VaultRecord> {
    if (!existsSync(this.#path)) return;
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      if (line === '') continue;
      try {
        // Our own file: the shape is what `append` wrote.
        yield JSON.parse(line) as JournalRecord | VaultRecord;
      } catch {
        // The process died within this line: what follows cannot be older.
        return;
      }
    }
  }

  #rewrite(living: Iterable<JournalRecord>, last: number): void {
    const fresh = `${this.#path}.new`;
    this.#file = openSync(fresh, 'w', 0o600);
    for (const [key, value] of this.#vault) this.#pending.push(JSON.stringify({ vault: key, value }));
    // Keeps the resource version from going back when the newest change was a deletion.
    if (last > 0) this.#pending.push(JSON.stringify({ resourceVersion: last, table: '', key: '', object: null } satisfies JournalRecord));
    for (const record of living) {
      this.#pending.push(JSON.stringify(record));
      if (this.#pending.length > 1_000) this.flush();
    }
    this.flush();
    fsyncSync(this.#file);
    renameSync(fresh, this.#path);
  }
}
