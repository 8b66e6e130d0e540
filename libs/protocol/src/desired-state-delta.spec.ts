import * as fc from 'fast-check';
import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { arbitraryState, contentOf, CONTENTS } from './arbitrary-state.fixture.ts';
import { applyDelta, deltaBetween } from './desired-state-delta.ts';
import type { StateChange } from './desired-state-delta.ts';
import { EMPTY_STATE, digestOf, normalizeState } from './desired-state.ts';

describe('deltas of desired states', () => {
  it('lead from any base to any target', () => {
    fc.assert(
      fc.property(fc.option(arbitraryState, { nil: undefined }), arbitraryState, (base, target) => {
        expect(applyDelta(base, deltaBetween(base, target, contentOf))).toEqual(normalizeState(target));
      }),
    );
  });

  it('survive the wire', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (base, target) => {
        const travelled = JSON.parse(JSON.stringify(deltaBetween(base, target, contentOf))) as StateChange;
        expect(applyDelta(base, travelled)).toEqual(normalizeState(target));
      }),
    );
  });

  it('say nothing when nothing changed, and carry content only where it is new', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (base, target) => {
        const same = deltaBetween(base, base, contentOf);
        expect([same.upsert, same.remove]).toEqual([[], []]);
        const held = new Map(base.entries.map(({ key, hash }) => [key, hash]));
        for (const { key, hash, object } of deltaBetween(base, target, contentOf).upsert) {
          expect(object === undefined).toBe(held.get(key) === hash);
        }
      }),
    );
  });

  it('are refused on every base but their own', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, arbitraryState, (base, other, target) => {
        fc.pre(digestOf(base) !== digestOf(other));
        expect(codeOf(() => applyDelta(other, deltaBetween(base, target, contentOf)))).toBe('STATE_CORRUPT');
        expect(codeOf(() => applyDelta(undefined, deltaBetween(base, target, contentOf)))).toBe('STATE_CORRUPT');
      }),
    );
  });

  const [hash = '', otherHash = ''] = CONTENTS.keys();
  const entry = { key: 'ConfigMap/shop/a', hash, policyId: 'p', drift: 'CORRECT', conflicts: 'REPORT' } as const;
  const full = deltaBetween(undefined, { entries: [entry], tombstones: [] }, contentOf);
  const tampered: readonly [string, StateChange][] = [
    ['with a promised digest that is not reached', { ...full, digest: digestOf(EMPTY_STATE) }],
    ['without the content', { ...full, upsert: [entry] }],
    ['with other content under the hash', { ...full, upsert: [{ ...entry, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'evil' } } }] }],
    ['with one entry cut off', { ...full, upsert: [] }],
    ['with a tombstone slipped in', { ...full, tombstones: [{ key: 'Secret/shop/x', policyId: 'p' }] }],
    ['with a removal of what was never there', { ...full, remove: ['Secret/shop/x'] }],
    ['with a mode slipped in', { ...full, upsert: full.upsert.map((each) => ({ ...each, mode: 'METADATA' as const })) }],
    ['with a policy exchanged', { ...full, upsert: full.upsert.map((each) => ({ ...each, policyId: 'q' })) }],
  ];
  it.each(tampered)('are refused %s', (_, change) => {
    expect(codeOf(() => applyDelta(undefined, change))).toBe('STATE_CORRUPT');
  });

  it('whose take-overs an older agent cannot read are refused by it, as are take-overs that are slipped in', () => {
    const taking = deltaBetween(undefined, { entries: [{ ...entry, takeOver: ['.spec.http'] }], tombstones: [] }, contentOf);
    expect(applyDelta(undefined, taking).entries[0]?.takeOver).toEqual(['.spec.http']);
    const asRead = { ...taking, upsert: taking.upsert.map(({ takeOver: _, ...each }) => each) };
    expect(codeOf(() => applyDelta(undefined, asRead))).toBe('STATE_CORRUPT');
    const more = { ...taking, upsert: taking.upsert.map((each) => ({ ...each, takeOver: ['.spec'] })) };
    expect(codeOf(() => applyDelta(undefined, more))).toBe('STATE_CORRUPT');
  });

  it('whose modes an older agent cannot read are refused by it, and change nothing', () => {
    const labels = deltaBetween(undefined, { entries: [{ ...entry, mode: 'METADATA' }], tombstones: [] }, contentOf);
    expect(applyDelta(undefined, labels).entries[0]?.mode).toBe('METADATA');
    const asRead = { ...labels, upsert: labels.upsert.map(({ mode: _, ...each }) => each) };
    expect(codeOf(() => applyDelta(undefined, asRead))).toBe('STATE_CORRUPT');
  });

  it('cannot be made when a content is lost', () => {
    const target = { entries: [{ ...entry, hash: otherHash }], tombstones: [] };
    expect(codeOf(() => deltaBetween(undefined, target, () => undefined))).toBe('STATE_CORRUPT');
  });
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof MeshfleetError ? error.code : String(error);
  }
  return undefined;
}
