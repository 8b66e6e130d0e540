import { describe, expect, it } from 'vitest';
import { NOON, World } from './rollout-world.fixture.ts';

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];
const canaryThenRest = { waves: [{ name: 'canary', count: 1 }], failureGraceSeconds: 0 };

describe('a rollout', () => {
  it('goes wave by wave, and establishes the target when the last one is good', () => {
    const world = new World({ waves: [{ count: 1 }, { count: 2 }] }, SIX);
    world.step();
    expect([world.state.status, world.told]).toEqual(['RUNNING', ['a']]);
    world.settle();
    world.step();
    expect(world.told).toEqual(['a', 'b', 'c']);
    world.settle();
    world.step();
    expect([world.told, world.established]).toEqual([SIX, false]);
    world.settle();
    const last = world.step();
    expect([world.state.status, world.established, last.wakeAt]).toEqual(['SUCCEEDED', true, null]);
    expect(last.events.map(({ kind, wave }) => [kind, wave])).toEqual([['WAVE_DONE', 2], ['SUCCEEDED', null]]);
  });

  it('over no cluster at all succeeds at once', () => {
    const world = new World({ waves: [{ count: 1 }] }, []);
    world.step();
    expect([world.state.status, world.established]).toEqual(['SUCCEEDED', true]);
  });

  it('does not take the status of the version before for an answer', () => {
    const world = new World(canaryThenRest, SIX);
    world.step();
    for (let turn = 0; turn < 3; turn += 1) expect(world.step()).toMatchObject({ actions: [], events: [] });
    expect(world.told).toEqual(['a']);
  });

  it('soaks: what fails meanwhile is seen before anybody else is told', () => {
    const world = new World({ ...canaryThenRest, soakSeconds: 300 }, SIX);
    world.step();
    world.settle();
    expect(world.step().wakeAt).toBe(NOON + 300_000);
    expect(world.state.status).toBe('SOAKING');
    world.pass(299);
    (world.clusters.get('a') ?? never()).status = 'FAILED';
    world.step();
    expect(world.state.status).toBe('ROLLING_BACK');
    world.settle();
    world.step();
    expect([world.state.status, world.told, world.holding('held-a')]).toEqual(['ROLLED_BACK', [], ['a']]);
  });

  it('changes no more clusters at a time than it may', () => {
    const world = new World({ maxConcurrent: 2 }, SIX);
    world.step();
    expect(world.told).toEqual(['a', 'b']);
    world.settle('APPLIED', ['a']);
    world.step();
    expect(world.told).toEqual(['a', 'b', 'c']);
  });

  it('forgives as many failures as the budget says, and stops at the next', () => {
    const world = new World({ failureBudget: { percent: 34 }, failureGraceSeconds: 0, maxConcurrent: 3 }, SIX);
    world.step();
    world.settle('FAILED', ['a', 'b']);
    world.settle('APPLIED', ['c']);
    world.step();
    expect([world.state.status, world.told]).toEqual(['RUNNING', SIX]);
    world.settle('FAILED', ['d']);
    const step = world.step();
    expect(step.actions).toEqual([{ type: 'RESTORE' }]);
    expect(world.state.stop).toBe('3 clusters failed (a, b, d), and 2 failures are forgiven. a: refused');
    expect(world.told).toEqual([]);
  });

  it('is not everywhere when it has forgiven a failure, and says where it is not', () => {
    const world = new World({ failureBudget: { count: 1 }, failureGraceSeconds: 0 }, SIX);
    world.step();
    world.settle('FAILED', ['b']);
    world.settle('APPLIED', ['a', 'c', 'd', 'e', 'f']);
    const step = world.step();
    expect([world.state.status, world.state.because]).toEqual(['SUCCEEDED', 'every wave is good, except in b, whose failure is forgiven']);
    expect(step.events.at(-1)?.message).toMatch(/ is everywhere except in b, whose failure is forgiven$/);
  });

  it('gives a failure its grace, tells nobody else meanwhile, and goes on when it was nothing', () => {
    const world = new World({ waves: [{ count: 2 }], failureGraceSeconds: 30, maxConcurrent: 1 }, SIX);
    world.step();
    world.settle('FAILED');
    expect(world.step().wakeAt).toBe(NOON + 30_000);
    expect([world.state.status, world.told]).toEqual(['RUNNING', ['a']]);
    (world.clusters.get('a') ?? never()).status = 'APPLIED';
    world.step();
    expect(world.told).toEqual(['a', 'b']);
  });

  it('takes a cluster that is there and says nothing for failed after its time', () => {
    const world = new World({ ...canaryThenRest, progressDeadlineSeconds: 120 }, SIX);
    world.step();
    world.pass(119);
    world.step();
    expect(world.state.status).toBe('RUNNING');
    world.pass(1);
    world.step();
    expect(world.state.stop).toContain('has not answered for 120 s');
  });

  it('pauses instead, when it is told to, and goes on when a person accepts what failed', () => {
    const world = new World({ ...canaryThenRest, onFailure: 'PAUSE' }, SIX);
    world.step();
    world.settle('FAILED');
    world.step();
    expect([world.state.status, world.told]).toEqual(['PAUSED', ['a']]);
    world.command({ type: 'RESUME', acceptFailures: false });
    world.step();
    expect(world.state.status).toBe('PAUSED');
    world.command({ type: 'RESUME', acceptFailures: true });
    world.step();
    expect([world.state.status, world.told]).toEqual(['RUNNING', SIX]);
  });

  it('takes nobody\'s word for failures that have come since the pause, nor for others than are named', () => {
    const world = new World({ waves: [{ count: 3 }], failureGraceSeconds: 0, onFailure: 'PAUSE' }, SIX);
    const resume = (acceptFailures: boolean | string[]): void => {
      world.command({ type: 'RESUME', acceptFailures });
    };
    world.step();
    world.settle('FAILED', ['a']);
    expect(world.step().state.status).toBe('PAUSED');
    world.pass(1);
    world.settle('FAILED', ['b']);
    world.step();
    expect(() => resume(true)).toThrow('b has failed since it was paused');
    expect(() => resume(['b'])).toThrow('a has failed beside those that you accept');
    expect(() => resume([])).toThrow('a, b have failed');
    expect(world.state.paused).not.toBeNull();
    resume(['a', 'b', 'c']);
    world.settle('FAILED', ['c']);
    expect(world.step().state).toMatchObject({ status: 'PAUSED', because: expect.stringContaining('1 cluster failed (c)') });
    resume(true);
    expect(world.step().state.status).toBe('RUNNING');
  });
});

describe('clusters that are away', () => {
  const leave = (world: World, ...names: string[]): void => {
    for (const name of names) Object.assign(world.clusters.get(name) ?? never(), { away: true, lastSeenAt: NOON - 100_000 });
  };

  it('stop nobody when the quorum of their wave has answered, and are told all the same', () => {
    const world = new World({ waves: [{ count: 3 }] }, SIX);
    leave(world, 'b');
    world.step();
    expect(world.told).toEqual(['a', 'b', 'c']);
    world.settle();
    world.step();
    expect(world.told).toEqual(SIX);
    world.settle();
    world.step();
    expect([world.state.status, world.state.because]).toEqual(['SUCCEEDED', 'every wave is good, except in b, to follow when back']);
  });

  it('hold a wave up that has too few others, until a person promotes it', () => {
    const world = new World({ waves: [{ count: 3 }] }, SIX);
    leave(world, 'a', 'b');
    world.step();
    world.settle();
    world.step();
    expect([world.state.status, world.state.because]).toEqual(['WAITING_GATE', 'wave 1: a, b away, and 1 of 2 that the quorum asks for have answered']);
    world.command({ type: 'PROMOTE', wave: 0 });
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('are waited for where the strategy says so, without a deadline while they are away', () => {
    const world = new World({ waves: [{ count: 3 }], offline: { policy: 'WAIT' }, progressDeadlineSeconds: 60 }, SIX);
    leave(world, 'b');
    world.step();
    world.settle();
    world.pass(7200);
    world.step();
    expect([world.state.status, world.told]).toEqual(['RUNNING', ['a', 'b', 'c']]);
    Object.assign(world.clusters.get('b') ?? never(), { away: false, lastSeenAt: world.now });
    world.step();
    world.settle();
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('count when they come back and fail', () => {
    const world = new World({ waves: [{ count: 3 }], failureGraceSeconds: 0 }, SIX);
    leave(world, 'b');
    world.step();
    world.settle();
    world.step();
    Object.assign(world.clusters.get('b') ?? never(), { away: false, lastSeenAt: world.now, status: 'FAILED' });
    world.step();
    expect(world.state.status).toBe('ROLLING_BACK');
  });

  it('are looked at again when they fall silent, since nobody tells of silence', () => {
    const world = new World({ waves: [{ count: 2 }] }, SIX);
    expect(world.step().wakeAt).toBeGreaterThan(NOON);
    expect(world.step().wakeAt).toBe(NOON + 90_001);
  });

  it('that left the fleet are nobody’s business any more', () => {
    const world = new World({ waves: [{ count: 2 }] }, SIX);
    world.step();
    world.settle('APPLIED', ['b']);
    (world.clusters.get('a') ?? never()).gone = true;
    world.step();
    expect(world.told).toContain('f');
  });
});

describe('gates', () => {
  it('health: an object may take its time to work, and no more', () => {
    const world = new World({ waves: [{ count: 1 }], gates: { healthy: true }, failureGraceSeconds: 0, progressDeadlineSeconds: 60 }, SIX);
    world.step();
    world.settle();
    (world.clusters.get('a') ?? never()).unhealthy = 'Gateway shop/web is not programmed';
    world.pass(30);
    world.step();
    expect([world.state.status, world.told]).toEqual(['RUNNING', ['a']]);
    world.pass(30);
    world.step();
    expect(world.state.stop).toContain('not healthy: Gateway shop/web is not programmed');
  });

  it('findings: a new error of the analysis is a failure', () => {
    const world = new World({ waves: [{ count: 1 }], gates: { findings: true }, failureGraceSeconds: 0 }, SIX);
    world.step();
    world.settle();
    (world.clusters.get('a') ?? never()).newErrors = ['IST0101 VirtualService shop/web', 'IST0109 x'];
    world.step();
    expect(world.state.stop).toContain('IST0101 VirtualService shop/web (and 1 more)');
  });

  it('findings: who has failed for want of an inventory has not passed by saying nothing further', () => {
    const world = new World({ waves: [{ count: 1 }], gates: { findings: true }, progressDeadlineSeconds: 60, failureGraceSeconds: 0, failureBudget: { count: 1 } }, SIX);
    const first = world.clusters.get('a') ?? never();
    first.inventoried = false;
    const phase = (): string | undefined => world.state.clusters.find(({ name }) => name === 'a')?.phase;
    world.step();
    world.settle();
    world.step();
    world.pass(61);
    world.step();
    expect(phase()).toBe('FAILED');
    world.pass(1);
    world.step();
    expect(phase()).toBe('FAILED');
    first.inventoried = true;
    expect(world.step().events).toMatchObject([{ kind: 'CLUSTER_RECOVERED' }]);
  });

  it('webhook: is called when the wave is good, again while it says WAIT, and once per answer', () => {
    const world = new World({ waves: [{ count: 1, gates: { webhook: { url: 'https://gate.example/', intervalSeconds: 20, timeoutSeconds: 60 } } }] }, SIX);
    world.step();
    expect(world.calls).toEqual([]);
    world.settle();
    world.step();
    expect(world.calls).toMatchObject([{ wave: 0, attempt: 1 }]);
    world.webhook = { wave: 0, attempt: 1, answer: 'WAIT', evidence: 'error rate is looked at' };
    expect(world.step()).toMatchObject({ actions: [], wakeAt: NOON + 20_000 });
    expect(world.step().events).toEqual([]);
    world.pass(20);
    world.step();
    expect(world.calls).toHaveLength(2);
    world.webhook = { wave: 0, attempt: 2, answer: 'PASS', evidence: 'fine' };
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('webhook: a no, and nothing but WAIT for its whole time, turn round', () => {
    for (const answer of ['FAIL', 'WAIT'] as const) {
      const world = new World({ waves: [{ count: 1, gates: { webhook: { url: 'https://gate.example/', timeoutSeconds: 60 } } }] }, SIX);
      world.step();
      world.settle();
      world.step();
      world.webhook = { wave: 0, attempt: 1, answer, evidence: 'error rate 4 %' };
      world.step();
      if (answer === 'WAIT') {
        expect(world.state.status).toBe('WAITING_GATE');
        world.pass(60);
        world.step();
        world.webhook = { wave: 0, attempt: 2, answer, evidence: 'error rate 4 %' };
        world.step();
      }
      expect(world.state.stop).toContain('error rate 4 %');
    }
  });

  const awaitingWebhook = (): World => {
    const world = new World({ waves: [{ count: 1, gates: { webhook: { url: 'https://gate.example/', timeoutSeconds: 60 } } }] }, SIX);
    world.step();
    world.settle();
    world.step();
    world.webhook = { wave: 0, attempt: 1, answer: 'WAIT', evidence: 'error rate 4 %' };
    world.step();
    return world;
  };

  it('webhook: is asked once more when its time is over, since reconcilers that were away have not asked meanwhile', () => {
    const world = awaitingWebhook();
    world.pass(900);
    expect(world.step()).toMatchObject({ state: { status: 'WAITING_GATE' }, actions: [{ type: 'CALL_WEBHOOK', attempt: 2 }] });
    world.webhook = { wave: 0, attempt: 2, answer: 'PASS', evidence: 'fine' };
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('webhook: is asked again where the call under way was lost with who made it, and not red before it has answered', () => {
    const world = awaitingWebhook();
    world.pass(55);
    world.step();
    world.webhook = undefined;
    for (const [seconds, calls] of [[10, 2], [900, 3], [29, 3], [1, 4]] as const) {
      world.pass(seconds);
      world.step();
      expect([world.calls.length, world.state.status]).toEqual([calls, 'WAITING_GATE']);
    }
    world.webhook = { wave: 0, attempt: 4, answer: 'WAIT', evidence: 'error rate 5 %' };
    expect(world.step().state).toMatchObject({ status: 'ROLLING_BACK', stop: expect.stringContaining('no PASS within 60 s; last: error rate 5 %') });
  });

  it('webhook: is never red for want of a turn to be called, is not called again before its interval, and has all of its time when it is', () => {
    const world = new World({ waves: [{ count: 1, gates: { webhook: { url: 'https://gate.example/', timeoutSeconds: 30, intervalSeconds: 20 } } }] }, SIX);
    world.step();
    world.settle();
    world.step();
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      world.webhook = { wave: 0, attempt, answer: 'NOT_CALLED', evidence: '2 webhooks have not answered' };
      expect(world.step()).toMatchObject({ actions: [], events: [], wakeAt: world.now + 20_000, state: { status: 'WAITING_GATE', because: expect.stringContaining('2 webhooks have not answered') } });
      expect(world.step()).toMatchObject({ actions: [], wakeAt: world.now + 20_000 });
      world.pass(20);
      expect(world.step()).toMatchObject({ actions: [{ type: 'CALL_WEBHOOK', attempt: attempt + 1 }] });
    }
    const waiting = (attempt: number): string => {
      world.webhook = { wave: 0, attempt, answer: 'WAIT', evidence: 'error rate is looked at' };
      return world.step().state.status;
    };
    expect(waiting(11)).toBe('WAITING_GATE');
    world.pass(20);
    world.step();
    world.webhook = { wave: 0, attempt: 12, answer: 'NOT_CALLED', evidence: '2 webhooks have not answered' };
    world.step();
    world.pass(20);
    world.step();
    expect(waiting(13)).toBe('WAITING_GATE');
    world.pass(10);
    world.step();
    expect(waiting(14)).toBe('ROLLING_BACK');
  });

  it('webhook: without a turn when its time is over is called at its next interval, which decides', () => {
    const world = awaitingWebhook();
    world.pass(900);
    world.step();
    world.webhook = { wave: 0, attempt: 2, answer: 'NOT_CALLED', evidence: '2 webhooks have not answered' };
    expect(world.step()).toMatchObject({ actions: [], wakeAt: world.now + 10_000, state: { status: 'WAITING_GATE' } });
    world.pass(10);
    world.step();
    world.webhook = { wave: 0, attempt: 3, answer: 'WAIT', evidence: 'error rate 5 %' };
    expect(world.step().state.status).toBe('ROLLING_BACK');
  });

  it('webhook: is not red after a pause in which nobody asked, and has its whole time again', () => {
    const world = awaitingWebhook();
    world.command({ type: 'PAUSE', reason: null });
    world.step();
    world.pass(900);
    expect(world.step().events).toEqual([]);
    world.command({ type: 'RESUME', acceptFailures: false });
    world.step();
    world.webhook = { wave: 0, attempt: 2, answer: 'WAIT', evidence: 'error rate 3 %' };
    world.step();
    world.pass(50);
    expect(world.step().state.status).toBe('WAITING_GATE');
  });

  it('approval: by as many different people as asked, never the author, before the wave begins', () => {
    const world = new World({ waves: [{ count: 1 }], gates: { approval: { count: 2, role: 'ADMIN' } } }, SIX);
    world.step();
    expect([world.state.status, world.told]).toEqual(['WAITING_APPROVAL', []]);
    expect(() => world.command({ type: 'APPROVE', wave: 0 }, 'user:author')).toThrow('does not approve it');
    world.command({ type: 'APPROVE', wave: 0 }, 'user:x');
    world.command({ type: 'APPROVE', wave: 0 }, 'user:x');
    world.step();
    expect(world.told).toEqual([]);
    world.command({ type: 'APPROVE', wave: 0 }, 'user:y');
    world.step();
    expect(world.told).toEqual(['a']);
  });

  it('approval: after a wave, when there is something to see', () => {
    const world = new World({ waves: [{ count: 1, gates: { approval: { when: 'AFTER' } } }] }, SIX);
    expect(() => world.command({ type: 'APPROVE', wave: 0 })).toThrow('approved when it has been updated');
    world.step();
    world.settle();
    world.step();
    expect([world.state.status, world.told]).toEqual(['WAITING_APPROVAL', ['a']]);
    world.command({ type: 'APPROVE', wave: 0 });
    world.step();
    expect(world.told).toEqual(SIX);
  });
});

describe('time', () => {
  it('outside of the windows nobody is told, and what is under way goes on', () => {
    const world = new World({ maxConcurrent: 3, windows: [{ start: '12:00', end: '12:01', timeZone: 'UTC' }] }, SIX);
    world.step();
    world.pass(60);
    world.settle();
    const step = world.step();
    expect([world.state.status, world.told.length, step.wakeAt]).toEqual(['WAITING_WINDOW', 3, NOON + 86_400_000]);
    world.pass(86_340);
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('a freeze holds back those it is about, and no rollback', () => {
    const world = new World({ failureGraceSeconds: 0 }, SIX);
    world.freezes = [{ reason: 'Black Friday', until: null, clusters: new Set(['a', 'b']) }];
    world.step();
    expect(world.told).toEqual(['c', 'd', 'e', 'f']);
    world.settle();
    world.step();
    expect([world.state.status, world.state.because]).toEqual(['FROZEN', 'frozen: Black Friday']);
    world.freezes = [{ reason: 'Black Friday', until: null, clusters: 'ALL' }];
    (world.clusters.get('c') ?? never()).status = 'FAILED';
    world.step();
    expect([world.state.status, world.told]).toEqual(['ROLLING_BACK', []]);
  });

  it('is not waited for on the way back by what fails as it did before the rollout; what fails for a moment may still recover', () => {
    const roll = (): World => {
      const world = new World({ failureGraceSeconds: 30, progressDeadlineSeconds: 600 }, SIX);
      world.step();
      world.command({ type: 'ABORT', rollback: true, reason: 'enough' });
      world.step();
      world.settle('APPLIED', ['b', 'c', 'd', 'e', 'f']);
      world.settle('FAILED', ['a']);
      expect(world.step().wakeAt).toBe(NOON + 30_000);
      expect(world.state.status).toBe('ROLLING_BACK');
      return world;
    };
    const failing = roll();
    failing.pass(30);
    expect(failing.step().events).toMatchObject([{ kind: 'ROLLED_BACK', message: 'Rolled back; not confirmed by a' }]);
    expect(failing.state.clusters[0]).toMatchObject({ phase: 'ROLLED_BACK', reason: 'refused' });

    const recovering = roll();
    recovering.pass(20);
    (recovering.clusters.get('a') ?? never()).status = 'APPLIED';
    recovering.step();
    expect(recovering.state.clusters[0]).toMatchObject({ phase: 'ROLLED_BACK', reason: null });
  });

  it('waits for the rollout before it, if both would touch one object', () => {
    const world = new World({}, SIX);
    world.blockedBy = 'retries to version 3';
    world.step();
    expect([world.state.status, world.told]).toEqual(['QUEUED', []]);
    world.blockedBy = null;
    world.step();
    expect(world.told).toEqual(SIX);
  });
});

describe('people', () => {
  it('pause and resume', () => {
    const world = new World(canaryThenRest, SIX);
    world.step();
    world.command({ type: 'PAUSE', reason: 'lunch' });
    world.settle();
    world.step();
    expect([world.state.status, world.state.because, world.told]).toEqual(['PAUSED', 'paused by user:other: lunch', ['a']]);
    world.command({ type: 'RESUME', acceptFailures: false });
    expect([world.state.status, world.state.because]).toEqual(['RUNNING', 'resumed by user:other']);
    world.step();
    expect(world.told).toEqual(SIX);
  });

  it('promote the wave that they see, and never the next by pressing twice', () => {
    const world = new World({ waves: [{ count: 1 }, { count: 1 }], soakSeconds: 600 }, SIX);
    world.step();
    world.settle();
    world.step();
    world.command({ type: 'PROMOTE', wave: 0 }, 'user:x');
    world.command({ type: 'PROMOTE', wave: 0 }, 'user:y');
    world.step();
    world.settle();
    world.step();
    expect([world.state.wave, world.state.status]).toEqual([1, 'SOAKING']);
    expect(() => world.command({ type: 'PROMOTE', wave: 2 })).toThrow('is not the wave that is under way');
  });

  it('promote no wave that has not begun, and learn what it waits for', () => {
    const world = new World({ windows: [{ days: ['SUN'], start: '02:00', end: '03:00', timeZone: 'UTC' }] }, SIX);
    world.step();
    expect(world.state.status).toBe('WAITING_WINDOW');
    expect(() => world.command({ type: 'PROMOTE', wave: 0 })).toThrow(expect.objectContaining({ summary: 'all has not begun', why: expect.stringContaining('maintenance window opens at') as string }) as Error);
  });

  it('abort: who asks for the other end than the one that is under way is told so', () => {
    const world = new World({ waves: [{ count: 1 }] }, SIX);
    world.step();
    world.command({ type: 'ABORT', rollback: false, reason: null });
    world.command({ type: 'ABORT', rollback: false, reason: 'me too' });
    expect(() => world.command({ type: 'ABORT', rollback: true, reason: null })).toThrow('is being ended');
    const back = new World({ waves: [{ count: 1 }] }, SIX);
    back.step();
    back.command({ type: 'ABORT', rollback: true, reason: null });
    expect(() => back.command({ type: 'ABORT', rollback: false, reason: null })).toThrow('is being ended');
    back.step();
    back.command({ type: 'ABORT', rollback: true, reason: 'me too' });
    expect(() => back.command({ type: 'ABORT', rollback: false, reason: null })).toThrow('is being ended');
  });

  it('abort: nothing was touched, it is rolled back, or left where it stands', () => {
    const untouched = new World({ gates: { approval: {} } }, SIX);
    untouched.step();
    untouched.command({ type: 'ABORT', rollback: true, reason: null });
    expect(untouched.state.because).toBe('user:other aborts it and rolls it back');
    untouched.step();
    expect(untouched.state.status).toBe('ABORTED');

    const back = new World(canaryThenRest, SIX);
    back.step();
    back.command({ type: 'ABORT', rollback: true, reason: 'wrong one' });
    expect(() => back.command({ type: 'PROMOTE', wave: 0 })).toThrow('is being ended');
    back.step();
    back.settle();
    back.step();
    expect([back.state.status, back.told, back.state.stop]).toEqual(['ROLLED_BACK', [], 'aborted by user:other: wrong one']);
    expect(() => back.command({ type: 'RESUME', acceptFailures: false })).toThrow('has ended');

    const left = new World(canaryThenRest, SIX);
    left.step();
    left.command({ type: 'ABORT', rollback: false, reason: null });
    left.step();
    expect([left.state.status, left.told]).toEqual(['ABORTED', ['a']]);
  });
});

function never(): never {
  throw new TypeError('the world has no such cluster');
}
