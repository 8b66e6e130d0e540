import fc from 'fast-check';
import { applyPatch } from 'diff';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredState } from '@meshfleet/protocol';
import { changedHashes, diffStates, yamlOf } from './diff-states.ts';
import { sliceByKey } from './slice-by-key.ts';

const object = (value: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { value, zebra: 'last', alpha: 'first' } });
const state = (entries: Record<string, string>): DesiredState => ({
  entries: Object.entries(entries).map(([key, hash]) => ({ key, hash, policyId: 'p', drift: 'CORRECT', conflicts: 'REPORT' })),
  tombstones: [],
});
const entries = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('1', '2', '3'));

describe('the difference of two desired states', () => {
  it('names every key that differs once, and no other', () => {
    fc.assert(
      fc.property(entries, entries, (before, after) => {
        const diff = diffStates(state(before), state(after), object);
        const keys = [...diff.added, ...diff.changed, ...diff.removed].map(({ key }) => key);
        expect(keys.sort()).toEqual([...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]).sort());
        expect(diff.added.every(({ key }) => before[key] === undefined)).toBe(true);
        expect(diff.removed.every(({ key }) => after[key] === undefined)).toBe(true);
      }),
    );
  });

  it('is a patch: applied to the YAML before it gives the YAML after', () => {
    const [change] = diffStates(state({ a: '1' }), state({ a: '2' }), object).changed;
    expect(applyPatch(yamlOf(object('1')), change?.diff ?? '')).toBe(yamlOf(object('2')));
    expect(change?.diff).toContain('-  value: "1"\n+  value: "2"');
  });

  it('shows somebody else’s object as changed when labels are set on it or go, and keeps the rest of it', () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'web' } } };
    const none = state({});
    const labelled: DesiredState = { ...none, entries: state({ 'Namespace/shop': '1' }).entries.map((entry) => ({ ...entry, mode: 'METADATA' as const })) };
    const bare = yamlOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const [set, gone] = [diffStates(none, labelled, () => namespace), diffStates(labelled, none, () => namespace)];
    expect([set.added, set.removed, gone.added, gone.removed]).toEqual([[], [], [], []]);
    expect(applyPatch(bare, set.changed[0]?.diff ?? '')).toBe(yamlOf(namespace));
    expect(applyPatch(yamlOf(namespace), gone.changed[0]?.diff ?? '')).toBe(bare);
    expect(gone.changed).toEqual([{ key: 'Namespace/shop', diff: expect.stringMatching(/^--- a\/Namespace\/shop\n\+\+\+ b\/Namespace\/shop\n/) as string }]);
  });

  it('reads only bodies of objects that differ', () => {
    expect(changedHashes(state({ a: '1', b: '1' }), state({ a: '2', b: '1' })).sort()).toEqual(['1', '2']);
    expect(changedHashes(state({ a: '1' }), state({ a: '1' }))).toEqual([]);
  });

  it('shows a huge object as replaced, in good time', () => {
    const huge = (seed: string): KubeObject => ({ ...object(seed), data: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, `${seed}${i}`])) });
    const [change] = diffStates(state({ a: '1' }), state({ a: '2' }), huge).changed;
    expect(change?.diff).toContain('-  k0: "10"');
    expect(change?.diff).toContain('+  k0: "20"');
  });
});

it('pages of a list in memory put together are the list', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), fc.boolean(), (keys, limit, backwards) => {
      const read: string[] = [];
      let cursor: string | undefined;
      for (;;) {
        const page = { limit, backwards, ...(cursor === undefined ? {} : backwards ? { before: [cursor] } : { after: [cursor] }) };
        const { rows, hasNext, hasPrevious } = sliceByKey(keys.map((key) => ({ key })), page);
        const part = rows.map(({ key }) => key);
        if (backwards) read.unshift(...part);
        else read.push(...part);
        cursor = backwards ? part[0] : part.at(-1);
        if (!(backwards ? hasPrevious : hasNext)) break;
      }
      expect(read).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
    }),
  );
});
