import { describe, expect, it } from 'vitest';
import type { ReportedCondition } from '@meshfleet/protocol';
import { createConditions } from './conditions.ts';

const POLICY = '018f0000-0000-7000-8000-0000000000f1';
const said = (key: string, status: ReportedCondition['status'], reason = 'R', policyId = POLICY): ReportedCondition => ({ key, policyId, status, reason, message: 'm', observedAt: '2026-01-01T00:00:00.000Z' });

describe('conditions', () => {
  it('tell all that stands when that is known, and else what changed', () => {
    const conditions = createConditions();
    expect(conditions.dirty).toBe(false);
    conditions.set(said('a', 'FAILED'));
    expect(conditions.take(10)).toMatchObject({ full: false, items: [{ key: 'a' }] });
    conditions.set(said('b', 'APPLIED'));
    conditions.markAll();
    expect(conditions.take(10)).toMatchObject({ full: true, items: [{ key: 'a' }], more: false });
    conditions.set(said('a', 'APPLIED'));
    expect(conditions.take(10)).toMatchObject({ full: false, items: [{ key: 'a', status: 'APPLIED' }] });
    expect(conditions.dirty).toBe(false);
  });

  it('say what lasts once, and each correction anew', () => {
    const conditions = createConditions();
    conditions.take(10);
    for (const status of ['DRIFTED', 'DRIFTED'] as const) conditions.set(said('a', status));
    conditions.take(10);
    conditions.set(said('a', 'DRIFTED'));
    expect(conditions.dirty).toBe(false);
    conditions.set(said('a', 'CORRECTED'));
    conditions.take(10);
    conditions.set(said('a', 'CORRECTED'));
    expect(conditions.dirty).toBe(true);
  });

  it('tell each of two policies what became of the object that both may have had', () => {
    const conditions = createConditions();
    conditions.set(said('a', 'FAILED'));
    conditions.take(10);
    conditions.set(said('a', 'DELETED'));
    conditions.set(said('a', 'DELETED', 'NotOurs', 'other'));
    const batch = conditions.take(1);
    conditions.giveBack(batch);
    expect(conditions.take(10).items.map(({ policyId, status, reason }) => [policyId, status, reason]).sort()).toEqual([[POLICY, 'DELETED', 'R'], ['other', 'DELETED', 'NotOurs']].sort());
    expect(conditions.dirty).toBe(false);
    conditions.set(said('a', 'DELETED'));
    conditions.drop('a');
    expect(conditions.dirty).toBe(false);
  });

  it('say nothing more of an object for a policy that has it no more, and then what becomes of it', () => {
    const conditions = createConditions();
    conditions.set(said('a', 'FAILED', 'Conflict'));
    conditions.take(10);
    conditions.set(said('a', 'FAILED', 'Invalid'));
    conditions.set(said('b', 'FAILED'));
    conditions.passTo('a', 'other');
    conditions.passTo('b', POLICY);
    expect(conditions.take(10).items.map(({ key }) => key)).toEqual(['b']);
    conditions.set(said('a', 'APPLIED', 'Applied', 'other'));
    expect(conditions.take(10).items).toMatchObject([{ key: 'a', policyId: 'other', status: 'APPLIED' }]);
  });

  it('lose nothing when a report is lost, and let newer words win', () => {
    const conditions = createConditions();
    conditions.set(said('a', 'FAILED'));
    conditions.set(said('b', 'FAILED'));
    conditions.take(10);
    conditions.set(said('a', 'DRIFTED'));
    conditions.set(said('b', 'DRIFTED'));
    const batch = conditions.take(1);
    expect(batch.more).toBe(true);
    conditions.set(said('a', 'APPLIED'));
    conditions.giveBack(batch);
    expect(conditions.take(10).items).toEqual(expect.arrayContaining([expect.objectContaining({ key: 'a', status: 'APPLIED' }), expect.objectContaining({ key: 'b', status: 'DRIFTED' })]));
  });
});
