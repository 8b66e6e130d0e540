import { describe, expect, it } from 'vitest';
import { forecastRollout } from './forecast.ts';
import type { RolloutForecast } from './forecast.ts';
import { NOON, World } from './rollout-world.fixture.ts';

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];
const forecast = (world: World): RolloutForecast => forecastRollout(world.definition.strategy, world.state, world.now, world.freezes);
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
    world.freezes = [{ reason: 'holiday', until: NOON + 24 * 3_600_000, clusters: 'ALL' }];
    expect(seconds(forecast(world).waves[0]?.beginsAt)).toBe(34 * 3600);
    world.freezes = [{ reason: 'for good', until: null, clusters: 'ALL' }];
    expect(forecast(world)).toMatchObject({ doneAt: null, assumptions: ['a freeze has no end, or no window opens'] });
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
