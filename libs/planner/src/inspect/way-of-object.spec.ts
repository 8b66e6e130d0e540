import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBJECT_STEPS, nextStep, wayOfObject } from './way-of-object.ts';
import type { LiveSituation, ObjectSituation } from './way-of-object.ts';

const SOUND: ObjectSituation = {
  policy: { name: 'strict', currentVersion: 2, assignedVersion: 2, endedAt: null, placement: { selected: true, because: 'its labels match env=prod' } },
  rollout: null,
  heldBy: null,
  mode: 'ENFORCE',
  cluster: { lifecycle: 'ACTIVE', online: true, lastSeenAt: '2026-11-26T12:00:00Z' },
  live: null,
  revision: 7,
  acknowledgedRevision: 9,
  condition: null,
  errors: [],
};
const condition = (status: 'FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY', reason = 'Reason') => ({ status, reason, message: 'so it is', manager: 'kubectl-edit' });

describe('the way of an object', () => {
  it('has nothing that blocks when every station is passed', () => {
    const way = wayOfObject(SOUND);
    expect(way.map(({ state }) => state)).toEqual(OBJECT_STEPS.map(() => 'PASSED'));
    expect(nextStep(way)).toBeUndefined();
  });

  const cases: readonly [string, Partial<ObjectSituation>, string, string, RegExp][] = [
    ['no policy names it', { policy: null }, 'WANTED', 'BLOCKED', /No policy/],
    ['it came to its end', { policy: { ...SOUND.policy!, endedAt: '2026-12-01T18:00:00.000Z' } }, 'WANTED', 'BLOCKED', /ended at 2026-12-01T18:00:00.000Z.*version 2 of the policy strict/],
    ['the placement leaves the cluster out', { policy: { ...SOUND.policy!, placement: { selected: false, because: 'it has env=dev' } } }, 'PLACED', 'BLOCKED', /it has env=dev/],
    ['the cluster was evicted', { cluster: { lifecycle: 'EVICTED', online: false, lastSeenAt: '2026-11-26T12:00:00Z' } }, 'PLACED', 'BLOCKED', /evicted/],
    ['a rollout soaks', { rollout: { status: 'SOAKING', why: 'wave 1 of 3 soaks until 12:00', waits: true } }, 'ROLLED_OUT', 'WAITING', /wave 1 of 3/],
    ['a rollout waits for a person', { rollout: { status: 'WAITING_APPROVAL', why: 'wave 2 needs one approval', waits: false } }, 'ROLLED_OUT', 'BLOCKED', /approval/],
    ['an older policy holds it', { heldBy: 'baseline' }, 'HELD', 'BLOCKED', /baseline/],
    ['it could not be rendered', { revision: null, condition: condition('FAILED', 'RenderFailed') }, 'COMPILED', 'BLOCKED', /so it is/],
    ['the agent is too old for it', { revision: null, condition: condition('FAILED', 'AgentTooOld') }, 'COMPILED', 'BLOCKED', /so it is/],
    ['no desired state carries it', { revision: null }, 'COMPILED', 'WAITING', /No desired state/],
    ['the agent is away', { acknowledgedRevision: 6, cluster: { lifecycle: 'ACTIVE', online: false, lastSeenAt: '2026-11-26T12:00:00Z' } }, 'DELIVERED', 'BLOCKED', /not connected: it was heard of last at 2026-11-26T12:00:00Z/],
    ['the agent went away after it had acknowledged', { cluster: { lifecycle: 'ACTIVE', online: false, lastSeenAt: '2026-11-26T12:00:00Z' } }, 'KEPT', 'BLOCKED', /heard of last at 2026-11-26T12:00:00Z.*nobody knows/],
    ['it is gone since the last report', { live: { found: false, changedSince: [], conditions: [], health: null } }, 'APPLIED', 'WAITING', /not in the cluster now/],
    ['it is refused since the last report', { live: { found: true, changedSince: [], conditions: [{ type: 'Programmed', status: 'False', message: 'slow' }, { type: 'ResolvedRefs', status: 'False', message: 'no such backend' }], health: null } }, 'ACCEPTED', 'BLOCKED', /ResolvedRefs: no such backend/],
    ['istiod’s analysis has found an error since the last report', { live: { found: true, changedSince: [], conditions: [], health: { state: 'UNHEALTHY', reason: 'IST0101', message: 'no such gateway' } } }, 'ACCEPTED', 'BLOCKED', /IST0101: no such gateway/],
    ['its controller is yet at work', { live: { found: true, changedSince: [], conditions: [], health: { state: 'PENDING', reason: 'Programmed', message: 'no address yet' } } }, 'ACCEPTED', 'WAITING', /no address yet/],
    ['its controller has been at work for too long', { condition: condition('UNHEALTHY', 'AddressNotAssigned'), live: { found: true, changedSince: [], conditions: [], health: { state: 'PENDING', reason: 'Programmed', message: 'no address yet' } } }, 'ACCEPTED', 'BLOCKED', /AddressNotAssigned/],
    ['the cluster is in quarantine', { acknowledgedRevision: 6, cluster: { lifecycle: 'QUARANTINED', online: true, lastSeenAt: null } }, 'DELIVERED', 'BLOCKED', /quarantine/],
    ['agents only observe', { acknowledgedRevision: 6, mode: 'OBSERVE' }, 'DELIVERED', 'BLOCKED', /OBSERVE/],
    ['the agent is about to', { acknowledgedRevision: 6 }, 'DELIVERED', 'WAITING', /not yet 7/],
    ['the API server refused it', { condition: condition('FAILED', 'Forbidden') }, 'APPLIED', 'BLOCKED', /Forbidden: so it is \(by kubectl-edit\)/],
    ['somebody changed it', { condition: condition('DRIFTED') }, 'KEPT', 'BLOCKED', /kubectl-edit/],
    ['istiod does not accept it', { condition: condition('UNHEALTHY', 'NotAccepted') }, 'ACCEPTED', 'BLOCKED', /NotAccepted/],
    ['the analysis found an error', { errors: [{ message: 'the host is missing', fix: 'create it' }] }, 'SOUND', 'BLOCKED', /host is missing/],
  ];
  it.each(cases)('stops where %s', (_name, change, step, state, says) => {
    const next = nextStep(wayOfObject({ ...SOUND, ...change }));
    expect(next).toMatchObject({ step, state });
    expect(next?.summary).toMatch(says);
    if (state === 'BLOCKED') expect(next?.fix).toMatch(/\w+/);
  });

  it('does not take silence for consent', () => {
    const summary = (conditions: LiveSituation['conditions']) => wayOfObject({ ...SOUND, live: { found: true, changedSince: [], conditions, health: { state: 'HEALTHY', reason: '', message: '' } } }).find(({ step }) => step === 'ACCEPTED')?.summary;
    expect(summary([])).toMatch(/Nobody in the cluster says anything/);
    expect(summary([{ type: 'Accepted', status: 'True', message: '' }])).toMatch(/has anything against it/);
  });

  it('tells of a correction without being stopped by it', () => {
    expect(nextStep(wayOfObject({ ...SOUND, condition: condition('CORRECTED') }))).toBeUndefined();
  });

  it('believes what was read just now more than what was reported before', () => {
    const live = { found: true, changedSince: [], conditions: [], health: null };
    expect(nextStep(wayOfObject({ ...SOUND, live, condition: condition('DRIFTED') }))).toBeUndefined();
    expect(nextStep(wayOfObject({ ...SOUND, live, condition: condition('UNHEALTHY') }))).toBeUndefined();
    expect(nextStep(wayOfObject({ ...SOUND, live: { ...live, changedSince: ['kubectl-edit'] }, condition: condition('DRIFTED') }))).toMatchObject({ step: 'KEPT' });
    // Who wrote an annotation of their own has changed nothing of ours.
    const written = wayOfObject({ ...SOUND, live: { ...live, changedSince: ['argocd'] } });
    expect(nextStep(written)).toBeUndefined();
    expect(written.find(({ step }) => step === 'KEPT')?.summary).toContain('argocd');
  });

  it('names an agent that is away for programs to tell, and says nothing of one in quarantine', () => {
    expect(nextStep(wayOfObject({ ...SOUND, cluster: { lifecycle: 'ACTIVE', online: false, lastSeenAt: null } }))).toMatchObject({ code: 'AGENT_OFFLINE', summary: expect.stringContaining('never been heard of') as string });
    expect(nextStep(wayOfObject({ ...SOUND, cluster: { lifecycle: 'QUARANTINED', online: false, lastSeenAt: null } }))).toBeUndefined();
  });

  it('knows nothing behind the first station that is not passed, whatever else is so', () => {
    const situation = fc.record({
      policy: fc.constantFrom(SOUND.policy, null),
      rollout: fc.constantFrom(null, { status: 'PAUSED', why: 'somebody paused it', waits: false }),
      heldBy: fc.constantFrom(null, 'baseline'),
      mode: fc.constantFrom('ENFORCE' as const, 'OBSERVE' as const),
      cluster: fc.record({ lifecycle: fc.constantFrom('ACTIVE' as const, 'QUARANTINED' as const, 'EVICTED' as const), online: fc.boolean(), lastSeenAt: fc.constantFrom(null, '2026-11-26T12:00:00Z') }),
      live: fc.constantFrom(null, { found: true, changedSince: [], conditions: [], health: null }, { found: false, changedSince: ['x'], conditions: [], health: null }),
      revision: fc.constantFrom(null, 3, 7),
      acknowledgedRevision: fc.integer({ min: 0, max: 9 }),
      condition: fc.constantFrom(null, condition('FAILED'), condition('DRIFTED'), condition('UNHEALTHY')),
      errors: fc.constantFrom([], [{ message: 'wrong', fix: 'mend' }]),
    });
    fc.assert(
      fc.property(situation, (given) => {
        const way = wayOfObject(given);
        const states = way.map(({ state }) => state);
        const stop = states.findIndex((state) => state !== 'PASSED');
        const end = stop === -1 ? states.length : stop;
        expect(states.slice(0, end).every((state) => state === 'PASSED')).toBe(true);
        expect(states.slice(end + 1).every((state) => state === 'UNKNOWN')).toBe(true);
        if (stop !== -1) expect(nextStep(way)).toBe(way[stop]);
      }),
    );
  });
});
