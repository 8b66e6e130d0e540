import { MeshfleetError } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceRollout } from './advance.ts';
import type { RolloutCommand } from './command-rollout.ts';
import { isWindowOpen } from './maintenance-windows.ts';
import { World } from './rollout-world.fixture.ts';
import { hasEnded, isAway, isTouched, totalOf } from './state.ts';
import type { RolloutAction, RolloutCluster, RolloutObservation, RolloutState, WebhookAnswer } from './state.ts';
import { failuresForgiven } from './strategy.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const gates = fc.record(
  {
    healthy: fc.boolean(),
    findings: fc.boolean(),
    webhook: fc.record({ url: fc.constant('https://gate.example/'), intervalSeconds: fc.constant(10), timeoutSeconds: fc.constantFrom(30, 600) }),
    approval: fc.record({ when: fc.constantFrom('BEFORE', 'AFTER'), count: fc.constantFrom(1, 2) }),
  },
  { requiredKeys: [] },
);
const strategy = fc.record(
  {
    waves: fc.array(fc.record({ count: fc.integer({ min: 1, max: 3 }), clusterSelector: maybe(fc.constantFrom('tier=1', '')), soakSeconds: maybe(fc.constantFrom(0, 60)), gates: maybe(gates) }), { maxLength: 3 }),
    gates,
    failureBudget: fc.oneof(fc.record({ count: fc.integer({ min: 0, max: 2 }) }), fc.record({ percent: fc.integer({ min: 0, max: 50 }) })),
    offline: fc.record({ policy: fc.constantFrom('SKIP_UNTIL_BACK', 'WAIT'), quorumPercent: fc.constantFrom(0, 50, 100) }),
    windows: fc.constantFrom([], [{ start: '12:00', end: '12:02', timeZone: 'UTC' }]),
    progressDeadlineSeconds: fc.constantFrom(60, 300),
    failureGraceSeconds: fc.constantFrom(0, 30),
    maxConcurrent: fc.integer({ min: 1, max: 4 }),
    onFailure: fc.constantFrom('ROLLBACK', 'PAUSE'),
  },
  { requiredKeys: [] },
);

type Happening =
  | { readonly what: 'step' }
  | { readonly what: 'pass'; readonly seconds: number }
  | { readonly what: 'answer' | 'away' | 'back' | 'gone' | 'sick' | 'error' | 'silent' | 'fail'; readonly who: string }
  | { readonly what: 'webhook'; readonly answer: WebhookAnswer['answer'] }
  | { readonly what: 'freeze'; readonly who: string | null }
  | { readonly what: 'press'; readonly command: RolloutCommand; readonly by: string };

const who = fc.constantFrom(...NAMES);
const wave = fc.integer({ min: 0, max: 3 });
const command: fc.Arbitrary<RolloutCommand> = fc.oneof(
  fc.record({ type: fc.constant('PAUSE' as const), reason: fc.constant(null) }),
  fc.record({ type: fc.constant('RESUME' as const), acceptFailures: fc.oneof(fc.boolean(), fc.subarray([...NAMES])) }),
  fc.record({ type: fc.constant('PROMOTE' as const), wave }),
  fc.record({ type: fc.constant('APPROVE' as const), wave }),
  fc.record({ type: fc.constant('ABORT' as const), rollback: fc.boolean(), reason: fc.constant(null) }),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ what: 'step' as const }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('pass' as const), seconds: fc.constantFrom(1, 31, 95, 400) }) },
  { weight: 10, arbitrary: fc.record({ what: fc.constant('answer' as const), who }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('away' as const, 'back' as const, 'gone' as const, 'sick' as const, 'error' as const, 'silent' as const, 'fail' as const), who }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('webhook' as const), answer: fc.constantFrom('PASS' as const, 'WAIT' as const, 'FAIL' as const, 'NOT_CALLED' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('freeze' as const), who: fc.option(who) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('press' as const), command, by: fc.constantFrom('user:x', 'user:y', 'user:author') }) },
);

function happen(world: World, event: Exclude<Happening, { what: 'step' }>): void {
  const cluster = 'who' in event && event.who !== null ? world.clusters.get(event.who) : undefined;
  switch (event.what) {
    case 'pass':
      world.pass(event.seconds);
      break;
    case 'answer':
      world.settle('APPLIED', [event.who]);
      break;
    case 'fail':
      world.settle('FAILED', [event.who]);
      break;
    case 'away':
      if (cluster !== undefined) Object.assign(cluster, { away: true, lastSeenAt: world.now - 100_000 });
      break;
    case 'back':
      if (cluster !== undefined) Object.assign(cluster, { away: false, lastSeenAt: world.now });
      break;
    case 'gone':
      if (cluster !== undefined) cluster.gone = true;
      break;
    case 'sick':
      if (cluster !== undefined) cluster.unhealthy = cluster.unhealthy === null ? 'it does not work' : null;
      break;
    case 'error':
      if (cluster !== undefined) cluster.newErrors = cluster.newErrors.length === 0 ? ['IST0101'] : [];
      break;
    case 'silent':
      if (cluster !== undefined) cluster.inventoried = !cluster.inventoried;
      break;
    case 'webhook': {
      const call = world.calls.at(-1);
      if (call !== undefined) world.webhook = { ...call, answer: event.answer, evidence: event.answer };
      break;
    }
    case 'freeze':
      world.freezes = event.who === null ? (world.freezes.length > 0 ? [] : [{ reason: 'all', until: null, clusters: 'ALL' }]) : [{ reason: 'one', until: null, clusters: new Set([event.who]) }];
      break;
    case 'press':
      try {
        world.command(event.command, event.by);
      } catch (error) {
        expect(error).toBeInstanceOf(MeshfleetError);
      }
      break;
    default:
      event satisfies never;
  }
}

/** One step, held against everything that a rollout promises. */
function stepHeld(world: World): void {
  const before = world.state;
  const toldBefore = new Set(world.told);
  const observation = world.observe();
  const thin = stepThin(world, before, observation);
  const step = world.step();
  const { strategy } = world.definition;
  const { state } = world;

  // What may be left out decides nothing.
  expect({ status: thin.state.status, wave: thin.state.wave, actions: thin.actions, because: thin.state.because }).toEqual({ status: state.status, wave: state.wave, actions: step.actions, because: state.because });
  expect(step.again).toBe(false);

  // Never beyond the open wave, outside of the windows, or into a freeze.
  const tell = step.actions.flatMap((action) => (action.type === 'TELL' ? action.clusterIds : []));
  for (const id of tell) {
    const cluster = state.clusters.find((each) => each.id === id);
    expect(state.waves[cluster?.wave ?? -1]?.openedAt).toBeLessThanOrEqual(world.now);
    expect(cluster?.wave).toBeLessThanOrEqual(state.wave);
    expect(world.freezes.some(({ clusters }) => clusters === 'ALL' || clusters.has(id))).toBe(false);
    expect(toldBefore.has(id)).toBe(false);
  }
  if (tell.length > 0) expect(isWindowOpen(strategy.windows, world.now)).toBe(true);
  for (const cluster of state.clusters) if (isTouched(cluster.phase)) expect(state.waves[cluster.wave]?.openedAt).not.toBeNull();

  // Never past a red gate: whatever lies before the wave that is under way was approved, watched and green.
  if (!hasEnded(state.status) && state.status !== 'ROLLING_BACK') {
    for (const passed of state.waves.slice(0, state.wave)) {
      expect(passed.phase).toBe('DONE');
      if (passed.openedAt === null) continue;
      const { approval, webhook } = passed.gates;
      if (approval !== undefined) expect(new Set(passed.approvals.map(({ by }) => by)).size).toBeGreaterThanOrEqual(approval.count);
      if (passed.promoted !== null) continue;
      if (webhook !== undefined) expect(passed.webhook?.answer).toBe('PASS');
      expect((passed.doneAt ?? 0) - passed.openedAt).toBeGreaterThanOrEqual(passed.soakSeconds * 1000);
    }
  }

  // No webhook is red that was not asked.
  const [red, was] = [state, before].map(({ waves }) => waves[before.wave]?.webhook?.answer);
  if (red === 'FAIL' && was !== 'FAIL') expect(['FAIL', 'WAIT']).toContain(observation.webhook?.answer);

  // Nobody passes the findings gate by silence.
  for (const { id, wave, phase } of state.clusters) {
    const was = before.clusters.find((each) => each.id === id)?.phase;
    if (phase === 'UPDATED' && was !== 'UPDATED' && state.waves[wave]?.gates.findings === true) expect(observation.clusters.get(id)?.inventoried).toBe(true);
  }

  // The budget is never exceeded without a stop.
  const failed = state.clusters.filter(({ phase, accepted }) => phase === 'FAILED' && !accepted).length;
  if (failed > failuresForgiven(strategy, totalOf(state))) {
    expect(['PAUSED', 'ABORTED', 'SUPERSEDED']).toContain(state.status);
    expect(tell).toEqual([]);
  }

  // Concurrency, of those that are there.
  if (strategy.maxConcurrent !== undefined && tell.length > 0) {
    const busy = state.clusters.filter(({ id, phase }) => phase === 'UPDATING' && !isAway(observation.clusters.get(id)?.lastSeenAt ?? null, world.now));
    expect(busy.length).toBeLessThanOrEqual(strategy.maxConcurrent);
  }

  // Said again it changes nothing.
  const again = advanceRollout(world.definition, state, world.observe());
  if (step.actions.length === 0) expect({ state: again.state, actions: again.actions, events: again.events }).toEqual({ state, actions: [], events: [] });
  const same = advanceRollout(world.definition, state, observation);
  expect({ state: same.state, actions: same.actions, events: same.events }).toEqual({ state, actions: [], events: [] });

  if (state.status === 'ROLLED_BACK' || state.status === 'ROLLING_BACK') expect(world.told.filter((name) => world.clusters.get(name)?.gone !== true)).toEqual([]);
  if (state.status === 'ROLLED_BACK') for (const cluster of world.clusters.values()) if (!cluster.gone) expect(cluster.holds).toBe(cluster.held);
  expect(world.established).toBe(state.status === 'SUCCEEDED');
}

/** The same with no more of the state than the store loads, again and again with the next wave. */
function stepThin(world: World, before: RolloutState, observation: RolloutObservation): { state: RolloutState; actions: RolloutAction[] } {
  let state = before;
  const actions: RolloutAction[] = [];
  for (;;) {
    const { wave } = state;
    const known = new Map<string, RolloutCluster>(state.clusters.map((cluster) => [cluster.id, cluster]));
    const all = before.clusters.map((cluster) => known.get(cluster.id) ?? cluster);
    const step = advanceRollout(world.definition, { ...state, clusters: all.filter((cluster) => isOfInterest(wave, cluster, observation)) }, observation);
    actions.push(...step.actions);
    for (const cluster of step.state.clusters) known.set(cluster.id, cluster);
    const restored = step.actions.some(({ type }) => type === 'RESTORE');
    if (restored) for (const cluster of all) if (isTouched(cluster.phase) && known.get(cluster.id)?.phase !== 'ROLLING_BACK') known.set(cluster.id, { ...cluster, phase: 'ROLLING_BACK', toldAt: observation.now });
    state = { ...step.state, clusters: [...known.values()] };
    if (!step.again) return { state, actions };
  }
}

/** The wave that is under way, and of earlier ones what is not simply updated. */
function isOfInterest(wave: number, cluster: RolloutCluster, observation: RolloutObservation): boolean {
  if (cluster.wave >= wave) return cluster.wave === wave;
  const seen = observation.clusters.get(cluster.id);
  const fine = cluster.phase === 'UPDATED' && cluster.failingSince === null && seen !== undefined && seen.status !== 'FAILED' && seen.unhealthy === null && seen.newErrors.length === 0;
  return !fine && cluster.phase !== 'GONE' && cluster.phase !== 'ROLLED_BACK';
}

describe('whatever happens to a rollout', () => {
  it('it keeps its promises', () => {
    fc.assert(
      fc.property(strategy, fc.array(happening, { minLength: 20, maxLength: 120 }), (given, events) => {
        const world = new World(given, NAMES, (name) => ({ tier: name < 'd' ? '1' : '2' }));
        for (const event of events) {
          if (event.what === 'step') stepHeld(world);
          else happen(world, event);
        }
      }),
      { numRuns: 600 },
    );
  }, 60_000);

  it('it ends, when everybody is there, works and answers in the end', () => {
    fc.assert(
      fc.property(strategy, fc.array(happening, { maxLength: 60 }), (given, events) => {
        const world = new World(given, NAMES, (name) => ({ tier: name < 'd' ? '1' : '2' }));
        for (const event of events) {
          if (event.what === 'step') world.step();
          else happen(world, event);
        }
        world.freezes = [];
        for (let turn = 0; turn < 200 && !hasEnded(world.state.status); turn += 1) {
          for (const cluster of world.clusters.values()) Object.assign(cluster, { away: false, unhealthy: null, newErrors: [], inventoried: true, status: cluster.status === 'FAILED' ? 'APPLIED' : cluster.status });
          world.settle();
          const call = world.calls.at(-1);
          if (call !== undefined) world.webhook = { ...call, answer: 'PASS', evidence: 'fine' };
          for (const by of ['user:x', 'user:y']) happen(world, { what: 'press', command: { type: 'APPROVE', wave: world.state.wave }, by });
          happen(world, { what: 'press', command: { type: 'RESUME', acceptFailures: NAMES }, by: 'user:x' });
          const { wakeAt } = world.step();
          world.settle();
          world.pass(turn % 2 === 0 ? 1 : Math.max(1, ((wakeAt ?? world.now) - world.now) / 1000));
        }
        expect(hasEnded(world.state.status)).toBe(true);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('two people who press at once leave it as if one had pressed after the other', () => {
    fc.assert(
      fc.property(strategy, fc.array(happening, { maxLength: 40 }), command, command, (given, events, one, two) => {
        const world = new World(given, NAMES);
        for (const event of events) {
          if (event.what === 'step') world.step();
          else happen(world, event);
        }
        const { wave: current } = world.state;
        happen(world, { what: 'press', command: one, by: 'user:x' });
        happen(world, { what: 'press', command: two, by: 'user:y' });
        if (!hasEnded(world.state.status)) expect(world.state.wave).toBe(current);
        stepHeld(world);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
