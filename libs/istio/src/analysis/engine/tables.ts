import type { AnalysisInput } from '../input/analysis-input.ts';
import type { Resource } from '../input/resource.ts';
import type { Index } from './index-of.ts';

interface Bucket {
  readonly values: unknown[];
  readonly owners: Resource[];
}

type Table = Map<string, Bucket>;

/** The tables of all indexes over one input, each built when it is first asked. */
export interface Tables {
  find(index: Index<unknown>, key: string): readonly unknown[];
  /** Puts `after` in the place of `before`; tells the keys of each built table that it touched. */
  replace(before: Resource | undefined, after: Resource | undefined, touched: (index: Index<unknown>, key: string) => void): void;
}

const NOTHING: readonly unknown[] = [];

/** `input` is asked when a table is built, so that later tables see what replaced what. */
export function createTables(input: () => AnalysisInput): Tables {
  const tables = new Map<Index<unknown>, Table>();

  const tableOf = (index: Index<unknown>): Table => {
    const known = tables.get(index);
    if (known !== undefined) return known;
    const table: Table = new Map();
    const { facts, byKind } = input();
    for (const kind of index.of) {
      for (const resource of byKind.get(kind)?.values() ?? []) {
        for (const [key, value] of index.entries(resource, facts)) put(table, key, value, resource);
      }
    }
    tables.set(index, table);
    return table;
  };

  return {
    find: (index, key) => tableOf(index).get(key)?.values ?? NOTHING,
    replace(before, after, touched) {
      const { facts } = input();
      for (const [index, table] of tables) {
        if (before !== undefined && index.of.includes(before.kind)) {
          for (const [key] of index.entries(before, facts)) {
            take(table, key, before);
            touched(index, key);
          }
        }
        if (after !== undefined && index.of.includes(after.kind)) {
          for (const [key, value] of index.entries(after, facts)) {
            put(table, key, value, after);
            touched(index, key);
          }
        }
      }
    },
  };
}

function put(table: Table, key: string, value: unknown, owner: Resource): void {
  const bucket = table.get(key);
  if (bucket === undefined) table.set(key, { values: [value], owners: [owner] });
  else {
    bucket.values.push(value);
    bucket.owners.push(owner);
  }
}

function take(table: Table, key: string, owner: Resource): void {
  const bucket = table.get(key);
  if (bucket === undefined) return;
  for (let i = bucket.owners.length - 1; i >= 0; i -= 1) {
    if (bucket.owners[i] !== owner) continue;
    bucket.owners.splice(i, 1);
    bucket.values.splice(i, 1);
  }
  if (bucket.owners.length === 0) table.delete(key);
}
