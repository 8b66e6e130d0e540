import fc from 'fast-check';
import { digestOf, EMPTY_STATE } from '@meshfleet/protocol';
import { describe, expect, it } from 'vitest';
import type { Assignment } from './claim-objects.ts';
import { composeDesiredState } from './compose-desired-state.ts';
import type { Composition, CompositionInput } from './compose-desired-state.ts';

const NOTHING = { state: EMPTY_STATE, residue: [] };
const key = (name: string): string => `ConfigMap/shop/${name}`;

function policy(policyId: string, createdAt: number, objects: Record<string, string>, version = 1): Assignment {
  return {
    policyId,
    policyName: `policy-${policyId}`,
    createdAt,
    version,
    objects: Object.entries(objects).map(([name, hash]) => ({ key: key(name), hash })),
    drift: 'CORRECT',
    conflicts: 'REPORT',
  };
}

function compose(assignments: Assignment[], previous: CompositionInput['previous'] = NOTHING, options: { acknowledged?: boolean; failed?: string[]; features?: readonly string[] | null } = {}): Composition {
  return composeDesiredState({
    assignments,
    previous,
    acknowledged: options.acknowledged ?? false,
    failedKeys: new Set((options.failed ?? []).map(key)),
    features: options.features ?? null,
  });
}

const tombstones = (composition: Composition): string[] =>
  composition.state.tombstones.map((tombstone) => `${tombstone.key.split('/')[2]} ${tombstone.policyId}`);

describe('composing the desired state of a cluster', () => {
  it('carries the mode of an object, and takes a change of it for a change', () => {
    const labels = (mode?: 'METADATA'): Assignment => ({ ...policy('a', 1, {}), objects: [{ key: 'Namespace/shop', hash: 'n', ...(mode === undefined ? {} : { mode }) }] });
    const first = compose([labels('METADATA')]);
    expect(first.state.entries).toEqual([{ key: 'Namespace/shop', hash: 'n', policyId: 'a', drift: 'CORRECT', conflicts: 'REPORT', mode: 'METADATA' }]);
    expect(compose([labels('METADATA')], first).changed).toBe(false);
    expect(compose([labels()], first).state.entries[0]).not.toHaveProperty('mode');
  });

  describe('for an agent that does not understand all of it', () => {
    const labels = (policyId = 'a'): Assignment => ({ ...policy(policyId, 1, { x: '1' }), objects: [{ key: key('x'), hash: '1' }, { key: 'Namespace/shop', hash: 'n', mode: 'METADATA' }, { key: key('t'), hash: 't', takeOver: ['.spec'] }] });
    const keys = ({ state }: Composition): string[] => state.entries.map((entry) => entry.key);

    it('says what it can, and names the rest', () => {
      expect(keys(compose([labels()], NOTHING, { features: ['TAKE_OVER'] }))).toEqual([key('t'), key('x')]);
      const first = compose([labels()], NOTHING, { features: [] });
      expect(keys(first)).toEqual([key('x')]);
      expect(first.withheld.map((each) => `${each.key} ${each.policyId}`)).toEqual(['Namespace/shop a', `${key('t')} a`]);
      expect(first.withheld[0]?.message).toContain('too old to set labels and annotations');
      expect(compose([labels()], first, { features: [] }).changed).toBe(false);
    });

    it('says all of it once the agent is replaced, and before anything is known of it', () => {
      const before = compose([labels()], NOTHING, { features: [] });
      for (const features of [['METADATA', 'TAKE_OVER', 'DREAMS'], null]) {
        const after = compose([labels()], before, { acknowledged: true, features });
        expect(keys(after)).toEqual(['Namespace/shop', key('t'), key('x')]);
        expect([after.withheld, after.touchedPolicies]).toEqual([[], new Set(['a'])]);
      }
    });

    it('lets be what a newer agent did before it, however often this one acknowledges, and takes it back when nobody wants it any more', () => {
      let held = compose([labels()]);
      held = compose([labels()], held, { features: [] });
      expect([keys(held), tombstones(held)]).toEqual([[key('x')], []]);
      held = compose([{ ...labels(), objects: [...labels().objects, { key: key('y'), hash: '1' }] }], held, { acknowledged: true, features: [] });
      expect(tombstones(held)).toEqual([]);
      held = compose([], held, { acknowledged: true, features: [] });
      expect(held.state.tombstones.map((each) => each.key)).toEqual([key('t'), key('x'), key('y'), 'Namespace/shop']);
    });
  });

  it('orders entries so that what others need comes first', () => {
    const mixed: Assignment = { ...policy('a', 1, { x: '1' }), objects: [{ key: 'VirtualService.networking.istio.io/shop/a', hash: 'v' }, { key: 'Namespace/shop', hash: 'n' }] };
    expect(compose([mixed]).state.entries.map((entry) => entry.key)).toEqual(['Namespace/shop', 'VirtualService.networking.istio.io/shop/a']);
  });

  it('leaves a tombstone for what a new version no longer has', () => {
    const first = compose([policy('a', 1, { x: '1', y: '1' })]);
    const second = compose([policy('a', 1, { x: '2' }, 2)], first);
    expect(second.state.entries).toHaveLength(1);
    expect(tombstones(second)).toEqual(['y a']);
  });

  it('takes the tombstone away when the object is wanted again', () => {
    const first = compose([policy('a', 1, { x: '1' })]);
    const withdrawn = compose([], first);
    expect(tombstones(withdrawn)).toEqual(['x a']);
    expect(tombstones(compose([policy('a', 1, { x: '1' }, 3)], withdrawn))).toEqual([]);
  });

  it('keeps a tombstone until it is acknowledged, and drops it only with another change', () => {
    const withdrawn = compose([policy('b', 2, { z: '1' })], compose([policy('a', 1, { x: '1' }), policy('b', 2, { z: '1' })]));
    const still = [policy('b', 2, { z: '1' })];
    expect(compose(still, withdrawn, { acknowledged: true }).changed).toBe(false);
    expect(tombstones(compose([policy('b', 2, { z: '2' }, 2)], withdrawn, { acknowledged: false }))).toEqual(['x a']);
    expect(tombstones(compose([policy('b', 2, { z: '2' }, 2)], withdrawn, { acknowledged: true }))).toEqual([]);
  });

  it('keeps an acknowledged tombstone that the agent could not carry out', () => {
    const withdrawn = compose([], compose([policy('a', 1, { x: '1', y: '1' })]));
    const next = compose([policy('b', 2, { z: '1' })], withdrawn, { acknowledged: true, failed: ['x'] });
    expect(tombstones(next)).toEqual(['x a']);
  });

  it('gives what two policies want to the older one, and tells the younger who holds it', () => {
    const composed = compose([policy('young', 2, { x: 'y' }), policy('old', 1, { x: 'o' })]);
    expect(composed.state.entries).toMatchObject([{ policyId: 'old', hash: 'o' }]);
    expect(composed.lost).toEqual([{ key: key('x'), policyId: 'young', heldBy: { policyId: 'old', policyName: 'policy-old' } }]);
  });

  it('passes an object to the younger policy when the older lets go, with no deletion between', () => {
    const both = compose([policy('old', 1, { x: 'o' }), policy('young', 2, { x: 'y' })]);
    const after = compose([policy('young', 2, { x: 'y' })], both);
    expect(after.state.entries).toMatchObject([{ policyId: 'young', hash: 'y' }]);
    expect(after.state.tombstones).toEqual([]);
    expect([...after.touchedPolicies].sort()).toEqual(['old', 'young']);
  });

  it('names every policy that an unacknowledged object may still carry when it is finally let go', () => {
    const held = compose([policy('old', 1, { x: 'o' }), policy('young', 2, { x: 'y' })]);
    const passed = compose([policy('young', 2, { x: 'y' })], held);
    expect(passed.residue).toEqual([[key('x'), 'old']]);
    expect(tombstones(compose([], passed))).toEqual(['x old', 'x young']);
    expect(tombstones(compose([], passed, { acknowledged: true }))).toEqual(['x young']);
    expect(tombstones(compose([], passed, { acknowledged: true, failed: ['x'] }))).toEqual(['x old', 'x young']);
  });

  it('counts a changed option as a change of the entry', () => {
    const first = compose([policy('a', 1, { x: '1' })]);
    const reporting = { ...policy('a', 1, { x: '1' }, 2), drift: 'REPORT' as const };
    expect(compose([reporting], first).changed).toBe(true);
  });

  it('changes nothing when a new version holds the same objects', () => {
    const first = compose([policy('a', 1, { x: '1' })]);
    const same = compose([policy('a', 1, { x: '1' }, 2)], first);
    expect(same.changed).toBe(false);
    expect(same.state).toBe(first.state);
  });
});

const anyPolicies = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      createdAt: fc.integer({ min: 1, max: 3 }),
      objects: fc.dictionary(fc.constantFrom('p', 'q', 'r', 's'), fc.constantFrom('1', '2')),
    }),
    { selector: (given) => given.id },
  )
  .map((given) => given.map(({ id, createdAt, objects }) => policy(id, createdAt, objects)));

describe('properties of composition', () => {
  it('does not depend on the order of the assignments', () => {
    fc.assert(
      fc.property(anyPolicies, anyPolicies, fc.infiniteStream(fc.nat()), (before, now, dice) => {
        const previous = compose(before);
        const shuffled = [...now].map((value) => ({ value, at: dice.next().value })).sort((a, b) => a.at - b.at).map(({ value }) => value);
        const one = compose(now, previous);
        const other = compose(shuffled, previous);
        expect(digestOf(other.state)).toBe(digestOf(one.state));
        expect(other.residue).toEqual(one.residue);
        expect(new Set(other.lost.map((l) => JSON.stringify(l)))).toEqual(new Set(one.lost.map((l) => JSON.stringify(l))));
      }),
    );
  });

  it('has a tombstone for exactly the keys that left, and never for one that is wanted', () => {
    fc.assert(
      fc.property(anyPolicies, anyPolicies, (before, now) => {
        const previous = compose(before);
        const next = compose(now, previous);
        const wanted = new Set(now.flatMap((assignment) => assignment.objects.map((object) => object.key)));
        const left = previous.state.entries.filter((entry) => !wanted.has(entry.key));
        expect(next.state.tombstones.map(({ key: k, policyId }) => `${k} ${policyId}`).sort()).toEqual(left.map((e) => `${e.key} ${e.policyId}`).sort());
        expect(new Set(next.state.entries.map((entry) => entry.key))).toEqual(wanted);
      }),
    );
  });

  it('changes nothing when it is done twice, acknowledged or not', () => {
    fc.assert(
      fc.property(anyPolicies, anyPolicies, fc.boolean(), (before, now, acknowledged) => {
        const next = compose(now, compose(before));
        expect(compose(now, next, { acknowledged }).changed).toBe(false);
      }),
    );
  });

  it('tombstones everything after a withdrawal of everything', () => {
    fc.assert(
      fc.property(anyPolicies, (before) => {
        const held = compose(before);
        const withdrawn = compose([], held);
        expect(withdrawn.state.entries).toEqual([]);
        expect(withdrawn.state.tombstones).toHaveLength(held.state.entries.length);
      }),
    );
  });

  it('never moves an object between policies unless one of them, or the object, came or went', () => {
    fc.assert(
      fc.property(anyPolicies, (policies) => {
        let state = compose(policies);
        const holders = () => new Map(state.state.entries.map((entry) => [entry.key, entry.policyId]));
        const first = holders();
        for (let version = 2; version < 5; version += 1) {
          state = compose(policies.map((given) => ({ ...given, version, objects: given.objects.map((o) => ({ ...o, hash: `${o.hash}${version}` })) })), state);
          expect(holders()).toEqual(first);
        }
      }),
    );
  });

  it('never forgets an object that may still lie in the cluster, whatever is acknowledged when', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ policies: anyPolicies, ackBefore: fc.boolean() }), { minLength: 1, maxLength: 8 }), (steps) => {
        let current: CompositionInput['previous'] = NOTHING;
        // Whose objects the cluster may hold: everything sent since the last acknowledgement.
        let live = new Set<string>();
        for (const { policies, ackBefore } of steps) {
          if (ackBefore) live = new Set(current.state.entries.map((e) => `${e.key} ${e.policyId}`));
          const next = compose(policies, current, { acknowledged: ackBefore });
          current = next;
          for (const entry of next.state.entries) live.add(`${entry.key} ${entry.policyId}`);
          const wanted = new Set(next.state.entries.map((entry) => entry.key));
          const dead = new Set(next.state.tombstones.map((t) => `${t.key} ${t.policyId}`));
          if (!next.changed) continue;
          for (const owned of live) if (!wanted.has(owned.split(' ')[0] ?? '')) expect(dead).toContain(owned);
        }
      }),
      { numRuns: 500 },
    );
  });
});
