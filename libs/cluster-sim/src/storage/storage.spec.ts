import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';
import { ObjectStore } from './store.ts';
import { keyOf, type Table } from './table.ts';

const object = (name: string, value = 0): KubeObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name }, value });
const keys = (table: Table, at?: number): string[] => [...table.scan(at === undefined ? {} : { at })].map(({ key }) => key);

/** A write on one of a few keys in two namespaces. */
const step = fc.record({ namespace: fc.constantFrom('a', 'b'), name: fc.constantFrom('x', 'y', 'z', 'x-1'), remove: fc.boolean() });

describe('a table', () => {
  it('reads at every version what was there then', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new ObjectStore({ historyLimit: 100 });
      const table = store.table('things');
      const model = new Map<string, number>();
      const snapshots = new Map([[store.resourceVersion, new Map(model)]]);
      for (const [index, { namespace, name, remove }] of steps.entries()) {
        const key = keyOf(namespace, name);
        if (remove) {
          store.remove(table, key);
          model.delete(key);
        } else {
          store.put(table, key, object(name, index));
          model.set(key, index);
        }
        snapshots.set(store.resourceVersion, new Map(model));
      }
      for (const [version, expected] of snapshots) {
        const seen = [...table.scan({ at: version })].map(({ key, object: { value } }) => [key, value]);
        expect(seen).toEqual([...expected].sort(([left], [right]) => (left < right ? -1 : 1)));
      }
    }));
  });

  it('pages without loss or repetition, in one namespace or all', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (steps, limit) => {
      const store = new ObjectStore();
      const table = store.table('things');
      for (const { namespace, name } of steps) store.put(table, keyOf(namespace, name), object(name));
      const pages: string[] = [];
      for (let from: string | undefined = ''; from !== undefined; ) {
        const page: string[] = [...table.scan({ from, namespace: 'a' })].map(({ key }) => key);
        pages.push(...page.slice(0, limit));
        from = page[limit];
      }
      expect(pages).toEqual(keys(table).filter((key) => key.startsWith('a/')));
    }));
  });

  it('forgets the oldest changes beyond its limit, and knows that it did', () => {
    const store = new ObjectStore({ historyLimit: 10 });
    const table = store.table('things');
    for (let index = 0; index < 50; index += 1) store.put(table, 'k', object('k', index));
    expect(table.log.covers(store.resourceVersion - 9)).toBe(true);
    expect(table.log.covers(2)).toBe(false);
    expect(table.log.after(store.resourceVersion - 3).map((change) => change.object['value'])).toEqual([47, 48, 49]);
  });

  it('keeps what it holds frozen', () => {
    const store = new ObjectStore();
    const kept = store.put(store.table('things'), 'k', { ...object('k'), spec: { list: [{ a: 1 }] } });
    expect(() => Object.assign((kept['spec'] as { list: object[] }).list[0] as object, { a: 2 })).toThrow(TypeError);
  });

  it('gives every change a higher version than the one before, deletions too', () => {
    const store = new ObjectStore();
    const table = store.table('things');
    const put = store.put(table, 'k', object('k'));
    const removed = store.remove(table, 'k');
    expect(Number(removed?.metadata.resourceVersion)).toBe(Number(put.metadata.resourceVersion) + 1);
    expect(store.remove(table, 'k')).toBeUndefined();
  });
});

describe('the journal', () => {
  let folder: string;
  const open = (writeSome?: (file: number, bytes: Buffer) => number): { store: ObjectStore; journal: Journal } => {
    const journal = new Journal(join(folder, 'data', 'cluster.jsonl'), writeSome);
    return { store: new ObjectStore({ journal }), journal };
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cluster-sim-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('brings back objects, resource version and secrets', () => {
    const first = open();
    const table = first.store.table('things');
    for (const name of ['a', 'b', 'c']) first.store.put(table, name, object(name));
    first.store.remove(table, 'b');
    first.journal.vault.set('key', 'secret');
    first.journal.close();
    const second = open();
    expect(keys(second.store.table('things'))).toEqual(['a', 'c']);
    expect(second.store.resourceVersion).toBe(first.store.resourceVersion);
    expect(second.journal.vault.get('key')).toBe('secret');
    second.journal.close();
  });

  it('drops a line that the dying process did not finish', () => {
    const first = open();
    first.store.put(first.store.table('things'), 'a', object('a'));
    first.journal.close();
    appendFileSync(join(folder, 'data', 'cluster.jsonl'), '{"resourceVersion":9,"table":"things","key":"b","obj');
    const second = open();
    expect(keys(second.store.table('things'))).toEqual(['a']);
    second.journal.close();
  });

  it('loses nothing on a disk that is full for a while and takes lines in parts', async () => {
    let free = 100;
    const first = open((file, bytes) => {
      if (free === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const taken = Math.min(free, bytes.length, 30);
      free -= taken;
      return writeSync(file, bytes, 0, taken);
    });
    const table = first.store.table('things');
    for (const name of ['a', 'b', 'c']) {
      first.store.put(table, name, object(name));
      await new Promise(setImmediate);
    }
    expect(free).toBe(0);
    expect(keys(table)).toEqual(['a', 'b', 'c']);
    free = 10_000;
    first.store.put(table, 'd', object('d'));
    first.journal.close();
    const second = open();
    expect(keys(second.store.table('things'))).toEqual(['a', 'b', 'c', 'd']);
    second.journal.close();
  });

  it('carries no dead weight over a start', () => {
    const first = open();
    const table = first.store.table('things');
    for (let index = 0; index < 200; index += 1) first.store.put(table, 'a', object('a', index));
    first.journal.close();
    const second = open();
    second.journal.close();
    expect(readFileSync(join(folder, 'data', 'cluster.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('refuses watches from before the start', () => {
    const first = open();
    first.store.put(first.store.table('things'), 'a', object('a'));
    first.journal.close();
    const second = open();
    expect(second.store.table('things').log.covers(1)).toBe(false);
    expect(second.store.table('things').log.covers(second.store.resourceVersion)).toBe(true);
    second.journal.close();
  });
});
