import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimObjects } from './claim-objects.ts';
import type { Assignment } from './claim-objects.ts';

const assignment = (policyId: string, createdAt: number, keys: string[]): Assignment => ({
  policyId,
  policyName: policyId,
  createdAt,
  version: 1,
  objects: keys.map((key) => ({ key, hash: policyId })),
  drift: 'CORRECT',
  conflicts: 'REPORT',
});

describe('claims of policies on objects', () => {
  it('go to the smaller id when two policies are equally old', () => {
    const { holders } = claimObjects([assignment('b', 1, ['k']), assignment('a', 1, ['k'])]);
    expect(holders.get('k')?.assignment.policyId).toBe('a');
  });

  it('are lost by each of several younger policies to the same holder', () => {
    const { lost } = claimObjects([assignment('c', 3, ['k']), assignment('b', 2, ['k']), assignment('a', 1, ['k'])]);
    expect(lost.map((claim) => [claim.policyId, claim.heldBy.policyId])).toEqual([['b', 'a'], ['c', 'a']]);
  });

  it('do not pit a policy against itself', () => {
    expect(claimObjects([assignment('a', 1, ['k', 'k'])]).lost).toEqual([]);
  });

  it('give every wanted key exactly one holder, and everybody else a loss', () => {
    const some = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(3), fc.uniqueArray(fc.constantFrom('k', 'l', 'm'))), {
      selector: ([id]) => id,
    });
    fc.assert(
      fc.property(some, (given) => {
        const assignments = given.map(([id, createdAt, keys]) => assignment(id, createdAt, keys));
        const { holders, lost } = claimObjects(assignments);
        const asked = assignments.flatMap((a) => a.objects.map((o) => `${o.key} ${a.policyId}`)).sort();
        const answered = [...[...holders].map(([key, holder]) => `${key} ${holder.assignment.policyId}`), ...lost.map((l) => `${l.key} ${l.policyId}`)].sort();
        expect(answered).toEqual(asked);
      }),
    );
  });
});
