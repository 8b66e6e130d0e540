import fc from 'fast-check';
import { contentHash, metadataFieldsOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { EMPTY_STATE } from '@meshfleet/protocol';
import { describe, expect, it } from 'vitest';
import type { AssignedObject, Assignment } from './claim-objects.ts';
import { composeDesiredState } from './compose-desired-state.ts';
import type { Composition, CompositionInput } from './compose-desired-state.ts';

const SHOP = 'Namespace/shop';
const label = (key: string): string => `.metadata.labels.${key}`;
const bodies = new Map<string, KubeObject>();

function labelled(name: string, labels: Record<string, string>, more: Partial<AssignedObject> = {}): AssignedObject {
  const body: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  const hash = contentHash(body);
  bodies.set(hash, body);
  return { key: `Namespace/${name}`, hash, mode: 'METADATA', ...more };
}

function policy(policyId: string, createdAt: number, objects: readonly AssignedObject[], more: Partial<Assignment> = {}): Assignment {
  return { policyId, policyName: `policy-${policyId}`, createdAt, version: 1, objects, drift: 'CORRECT', conflicts: 'REPORT', ...more };
}

const NOTHING: CompositionInput['previous'] = { state: EMPTY_STATE, residue: [] };
const compose = (assignments: readonly Assignment[], previous = NOTHING, more: Partial<CompositionInput> = {}): Composition =>
  composeDesiredState({ assignments, previous, acknowledged: false, failedKeys: new Set(), bodies, ...more });

/** The labels that the entry of a namespace asks for. */
function asked({ state, merged }: Composition, key = SHOP): Record<string, string> | undefined {
  const entry = state.entries.find((each) => each.key === key);
  return entry === undefined ? undefined : (merged.get(entry.hash) ?? bodies.get(entry.hash))?.metadata.labels;
}

describe('labels that several policies set of one object', () => {
  const revision = policy('a', 1, [labelled('shop', { 'istio.io/rev': 'stable' })]);
  const security = policy('b', 2, [labelled('shop', { 'pod-security.kubernetes.io/enforce': 'baseline' })]);

  it('are one entry, in the name of the oldest policy, and nobody loses anything', () => {
    const both = compose([security, revision]);
    expect(both.state.entries).toMatchObject([{ key: SHOP, policyId: 'a', mode: 'METADATA', drift: 'CORRECT', conflicts: 'REPORT' }]);
    expect(asked(both)).toEqual({ 'istio.io/rev': 'stable', 'pod-security.kubernetes.io/enforce': 'baseline' });
    expect(both.lost).toEqual([]);
    expect(both.shares).toMatchObject([[SHOP, [{ policyId: 'a', fields: [label('istio.io/rev')] }, { policyId: 'b', fields: [label('pod-security.kubernetes.io/enforce')] }]]]);
    expect(compose([revision, security], both).changed).toBe(false);
  });

  it('go with their policy alone: there is no tombstone before the last goes', () => {
    const both = compose([revision, security]);
    for (const [left, of] of [[security, 'a'], [revision, 'b']] as const) {
      const one = compose([left], both, { acknowledged: true });
      expect(one.state.entries.map(({ key, hash, policyId }) => [key, hash, policyId])).toEqual([[SHOP, left.objects[0]?.hash, left.policyId]]);
      expect([one.state.tombstones, one.shares]).toEqual([[], []]);
      expect(one.touchedPolicies).toEqual(new Set([of]));
      const none = compose([], one);
      expect(none.state.entries).toEqual([]);
      // The object may still bear the mark of the policy in whose name it was applied before.
      expect(none.state.tombstones.map(({ policyId }) => policyId)).toEqual(of === 'a' ? ['a', 'b'] : ['a']);
    }
  });

  it('concern the policies that come and go, and not those whose labels stay', () => {
    const alone = compose([revision]);
    const both = compose([revision, security], alone);
    expect(both.touchedPolicies).toEqual(new Set(['b']));
    const edited = compose([revision, policy('b', 2, [labelled('shop', { 'pod-security.kubernetes.io/enforce': 'restricted' })])], both);
    expect(edited.touchedPolicies).toEqual(new Set(['b']));
    expect(asked(edited)).toEqual({ 'istio.io/rev': 'stable', 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  it('are held one by one: of two policies that set one the older has it, and the younger has the rest', () => {
    const younger = policy('b', 2, [labelled('shop', { 'istio.io/rev': 'canary', team: 'b' })]);
    const both = compose([younger, revision]);
    expect(asked(both)).toEqual({ 'istio.io/rev': 'stable', team: 'b' });
    expect(both.lost).toEqual([{ key: SHOP, policyId: 'b', heldBy: { policyId: 'a', policyName: 'policy-a' }, fields: [label('istio.io/rev')] }]);
    const after = compose([younger], both);
    expect(asked(after)).toEqual({ 'istio.io/rev': 'canary', team: 'b' });
    expect([after.lost, after.touchedPolicies]).toEqual([[], new Set(['a', 'b'])]);
    // Its own word is back for the older one.
    const back = compose([younger, revision], after);
    expect([asked(back), back.touchedPolicies]).toEqual([{ 'istio.io/rev': 'stable', team: 'b' }, new Set(['a', 'b'])]);
  });

  it('leave a policy that loses all of its own with nothing, and the entry as it was', () => {
    const alone = compose([revision]);
    const both = compose([revision, policy('b', 2, [labelled('shop', { 'istio.io/rev': 'canary' })])], alone);
    expect([both.changed, both.shares, both.lost.map(({ policyId }) => policyId)]).toEqual([false, [], ['b']]);
  });

  it('are all one policy’s where what they say is not known', () => {
    const unknown = policy('b', 2, [{ key: SHOP, hash: 'nobody has it', mode: 'METADATA' }]);
    const both = compose([revision, unknown]);
    expect([asked(both), both.lost]).toEqual([{ 'istio.io/rev': 'stable' }, [{ key: SHOP, policyId: 'b', heldBy: { policyId: 'a', policyName: 'policy-a' } }]]);
  });

  it('end each with its policy: who says when is no claim on the object', () => {
    const ending = (policyId: string, createdAt: number, labels: Record<string, string>): Assignment => {
      const [object = { key: '', hash: '' }] = [labelled('shop', labels)];
      const body = bodies.get(object.hash);
      const ended: KubeObject = { apiVersion: 'v1', kind: 'Namespace', ...body, metadata: { ...body?.metadata, annotations: { 'meshfleet.io/expires-at': `203${createdAt}-01-01T00:00:00Z` } } };
      bodies.set(contentHash(ended), ended);
      return policy(policyId, createdAt, [{ ...object, hash: contentHash(ended) }]);
    };
    const both = compose([ending('a', 1, { x: '1' }), ending('b', 2, { y: '2' })]);
    expect([asked(both), both.lost]).toEqual([{ x: '1', y: '2' }, []]);
  });

  describe('of which not all are to be treated alike', () => {
    const entryOf = (...assignments: Assignment[]) => compose(assignments).state.entries[0];

    it('are reported where any policy wants drift reported', () => {
      expect(entryOf(revision, { ...security, drift: 'REPORT' })?.drift).toBe('REPORT');
    });

    it('are taken of others by all, or in the fields of those who take', () => {
      expect(entryOf({ ...revision, conflicts: 'FORCE' }, { ...security, conflicts: 'FORCE' })).toMatchObject({ conflicts: 'FORCE' });
      expect(entryOf(revision, { ...security, conflicts: 'FORCE' })).toMatchObject({ conflicts: 'REPORT', takeOver: [label('pod-security.kubernetes.io/enforce')] });
    });

    it('are not taken along by who takes all labels, or one whose name begins like another', () => {
      const taking = policy('b', 2, [labelled('shop', { team: 'b' }, { takeOver: ['.metadata.labels'] })]);
      expect(entryOf(revision, taking)?.takeOver).toEqual([label('team')]);
      expect(entryOf(policy('a', 1, [labelled('shop', { 'team.io/owner': 'x' })]), taking)?.takeOver).toBeUndefined();
    });

    it('name no more fields than an agent reads', () => {
      const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`l${index}`, 'x']));
      expect(entryOf(revision, policy('b', 2, [labelled('shop', many)], { conflicts: 'FORCE' }))?.takeOver).toHaveLength(100);
    });
  });

  it('tell every policy of an agent that is too old for the object', () => {
    const old = compose([revision, security], NOTHING, { features: [] });
    expect(old.withheld.map(({ policyId }) => policyId)).toEqual(['a', 'b']);
    expect([old.state.entries, old.shares]).toEqual([[], []]);
  });

  it('are always exactly those that policies ask for, each by its oldest claimant, whatever comes, goes or changes', () => {
    const step = fc.record({
      policy: fc.nat(5),
      // What the policy sets from now on: of two namespaces, some of four labels. None: it is withdrawn.
      sets: fc.dictionary(fc.constantFrom('shop', 'bank'), fc.dictionary(fc.constantFrom('w', 'x', 'y', 'z'), fc.constantFrom('1', '2'), { minKeys: 1 })),
      acknowledged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const live = new Map<number, Assignment>();
        let held = compose([]);
        for (const { policy: index, sets, acknowledged } of steps) {
          const objects = Object.entries(sets).map(([name, labels]) => labelled(name, labels));
          if (objects.length === 0) live.delete(index);
          else live.set(index, policy(String(index), index, objects));
          const before = held;
          held = compose([...live.values()], before, { acknowledged });
          for (const key of ['Namespace/shop', 'Namespace/bank']) {
            const wanted = new Map<string, { value: string; policyId: string }>();
            for (const [, { policyId, objects: mine }] of [...live].sort(([a], [b]) => a - b)) {
              for (const { hash } of mine.filter((object) => object.key === key)) {
                for (const [field, value] of metadataFieldsOf(bodies.get(hash) ?? { apiVersion: '', kind: '', metadata: {} })) if (!wanted.has(field)) wanted.set(field, { value, policyId });
              }
            }
            const labels = Object.fromEntries([...wanted].map(([field, { value }]) => [field.slice(label('').length), value]));
            expect(asked(held, key) ?? {}).toEqual(labels);
            const shares = new Map(held.shares).get(key);
            const holders = shares?.flatMap(({ policyId, fields }) => fields.map((field) => [field, policyId] as const));
            if (holders !== undefined) expect(new Map(holders)).toEqual(new Map([...wanted].map(([field, { policyId }]) => [field, policyId])));
            // Whoever's mark the object may bear, nobody's label is left behind when the last policy goes.
            const last = before.state.entries.find((each) => each.key === key);
            if (wanted.size === 0 && last !== undefined) expect(held.state.tombstones).toContainEqual({ key, policyId: last.policyId });
          }
          expect(compose([...live.values()], held).changed).toBe(false);
        }
      }),
    );
  });
});
