import { describe, expect, it } from 'vitest';
import { forecastRollout } from './forecast.ts';
import type { ForecastFreeze, RolloutForecast } from './forecast.ts';
import { NOON, World } from './rollout-world.fixture.ts';

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];
const forecast = (world: World, freezes: readonly ForecastFreeze[] = []): RolloutForecast => forecastRollout(world.definition.strategy, world.state, world.now, freezes);
const seconds = (at: number | null | undefined): number | null => (at === null || at === undefined ? null : (at - NOON) / 1000);

describe('the forecast of a rollout', () => {
  it('adds up what waves need, turn by turn, and their soaks', () => {
    const world = new World({ waves: [{ count: 1 }], soakSeconds: 60, maxConcurrent: 2 }, SIX);
    world.step();
    expect(forecast(world).waves.map((wave) => seconds(wave?.doneAt))).toEqual([70, 70 + 3 * 10 + 60]);
    world.pass(4);
    world.settle();
    world.step();
    // One cluster has needed 4 s: so will the others.
    expect(seconds(forecast(world).doneAt)).toBe(64 + 3 * 4 + 60);
  });

  it('waits for windows and for the end of a freeze', () => {
    const world = new World({ waves: [{ count: 1 }], windows: [{ start: '22:00', end: '23:00', timeZone: 'UTC' }] }, SIX);
    world.step();
    expect(seconds(forecast(world).waves[0]?.beginsAt)).toBe(10 * 3600);
    const holiday: ForecastFreeze = { until: NOON + 24 * 3_600_000, clusters: 'ALL' };
    expect(seconds(forecast(world, [holiday]).waves[0]?.beginsAt)).toBe(34 * 3600);
    expect(forecast(world, [holiday, { until: null, clusters: 'ALL' }])).toMatchObject({ doneAt: null, assumptions: ['a freeze has no end, or no window opens'] });
  });

  it('of some clusters in the waves that they are in: a wave begins with the others, and is done when the last may be told', () => {
    const world = new World({ waves: [{ count: 1 }, { count: 2 }] }, SIX);
    world.step();
    const of = (until: number | null, clusters: [number, string[]][]): ForecastFreeze => ({ until: until === null ? null : NOON + until * 1000, clusters: new Map(clusters) });
    const times = (freezes: readonly ForecastFreeze[]) => forecast(world, freezes).waves.map((wave) => (wave === null ? null : [seconds(wave.beginsAt), seconds(wave.doneAt)]));
    expect(times([])).toEqual([[0, 10], [10, 20], [20, 30]]);
    // One of two is frozen: the wave begins without it, and ends with it.
    expect(times([of(100, [[1, ['b']]])])).toEqual([[0, 10], [10, 110], [110, 120]]);
    // Both are: it waits for the first of them.
    expect(times([of(100, [[1, ['b']]]), of(200, [[1, ['b', 'c']]])])).toEqual([[0, 10], [200, 210], [210, 220]]);
    expect(times([of(100, [[1, ['b']]]), of(200, [[1, ['c']]])])).toEqual([[0, 10], [100, 210], [210, 220]]);
    // One that never thaws leaves its wave and the whole open, and says so.
    expect(forecast(world, [of(null, [[2, ['f']]])])).toMatchObject({ waves: [{}, {}, null], doneAt: null, assumptions: ['a freeze has no end, or no window opens'] });
  });

  it('says what it takes for granted', () => {
    const world = new World({ gates: { approval: {}, webhook: { url: 'https://gate.example/' } } }, SIX);
    world.step();
    expect(forecast(world).assumptions).toEqual(['approvals are given at once', 'webhooks say yes at once']);
    world.command({ type: 'PAUSE', reason: null });
    expect(forecast(world)).toMatchObject({ doneAt: null, assumptions: ['it goes on when somebody resumes it'] });
  });

  it('has nothing to say of what has ended', () => {
    const world = new World({}, []);
    world.step();
    expect(forecast(world)).toEqual({ waves: [], doneAt: null, assumptions: [] });
  });
});
