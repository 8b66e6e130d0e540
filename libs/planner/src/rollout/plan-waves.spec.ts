import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWaves } from './plan-waves.ts';
import type { RolloutCandidate } from './plan-waves.ts';
import { strategySchema } from './strategy.ts';

const cluster = (name: string, labels: Record<string, string> = {}, online = true): RolloutCandidate => ({ id: `id-${name}`, name, labels, online });
const fleet = [cluster('c', { env: 'prod' }), cluster('a', { env: 'staging' }), cluster('b', { env: 'prod' }), cluster('d', { env: 'prod' }), cluster('e', { env: 'prod' })];
const plan = (strategy: object, clusters = fleet): Record<string, string[]> => Object.fromEntries(planWaves(strategySchema.parse(strategy), clusters).map((wave) => [wave.name, wave.clusters.map(({ name }) => name)]));

describe('waves', () => {
  it('take by selector, count and percent, in this order, and the last takes the rest', () => {
    expect(plan({ waves: [{ name: 'canary', clusterSelector: 'env=staging' }, { count: 1 }, { name: 'half', percent: 40 }] })).toEqual({ canary: ['a'], 'wave 2': ['b'], half: ['c', 'd'], 'the rest': ['e'] });
  });

  it('are one when the strategy names none', () => {
    expect(plan({})).toEqual({ all: ['a', 'b', 'c', 'd', 'e'] });
  });

  it('take by count from those that a selector matches', () => {
    expect(plan({ waves: [{ name: 'first', clusterSelector: 'env=prod', count: 2 }] })).toEqual({ first: ['b', 'c'], 'the rest': ['a', 'd', 'e'] });
  });

  it('that are counted take clusters that are there first: a canary that is away proves nothing', () => {
    expect(plan({ waves: [{ name: 'canary', count: 1 }] }, [cluster('a', {}, false), cluster('b'), cluster('c')])).toEqual({ canary: ['b'], 'the rest': ['c', 'a'] });
  });

  it('say of each cluster why it is in them', () => {
    const waves = planWaves(strategySchema.parse({ waves: [{ clusterSelector: 'env=staging' }, { percent: 10 }] }), fleet);
    expect(waves.map((wave) => wave.clusters[0]?.because)).toEqual(['its labels match env=staging', 'the wave takes 10 % of 5, rounded up, from the clusters that are left', 'no wave before has taken it']);
  });

  it('give a wave its own soak and gates, and null switches a gate off', () => {
    const [canary, rest] = planWaves(
      strategySchema.parse({ soakSeconds: 60, gates: { healthy: true, approval: { count: 2 } }, waves: [{ count: 1, soakSeconds: 5, gates: { approval: null, findings: true } }] }),
      fleet,
    );
    expect(canary).toMatchObject({ soakSeconds: 5, gates: { healthy: true, findings: true, approval: undefined } });
    expect(rest).toMatchObject({ soakSeconds: 60, gates: { healthy: true, findings: false, approval: { count: 2, when: 'BEFORE', role: 'OPERATOR' } } });
  });

  it('hold every cluster once, whatever order they come in', () => {
    const wave = fc.record({ clusterSelector: fc.constantFrom(undefined, 'env=prod', 'tier', '!env'), count: fc.integer({ min: 1, max: 4 }) });
    const clusters = fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1, maxLength: 3 }), env: fc.constantFrom('prod', 'dev'), online: fc.boolean() }), { selector: ({ name }) => name, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 4 }), clusters, fc.infiniteStream(fc.nat()), (waves, given, dice) => {
        const fleetOf = given.map(({ name, env, online }) => cluster(name, { env }, online));
        const shuffled = fleetOf.map((each) => ({ each, order: dice.next().value })).sort((a, b) => a.order - b.order).map(({ each }) => each);
        const strategy = strategySchema.parse({ waves });
        const planned = planWaves(strategy, fleetOf);
        expect(planned).toEqual(planWaves(strategy, shuffled));
        expect(planned.flatMap((each) => each.clusters.map(({ id }) => id)).sort()).toEqual(fleetOf.map(({ id }) => id).sort());
      }),
    );
  });
});

describe('a strategy', () => {
  it.each([
    [{ waves: [{}] }, 'which clusters it takes'],
    [{ waves: [{ count: 1, percent: 10 }] }, 'count or by percent'],
    [{ waves: [{ clusterSelector: 'env in prod' }] }, 'selector'],
    [{ windows: [{ start: '25:00', end: '26:00', timeZone: 'UTC' }] }, '22:30'],
    [{ windows: [{ start: '22:00', end: '23:00', timeZone: 'Berlin' }] }, 'IANA'],
    [{ gates: { webhook: { url: 'file:///etc/passwd' } } }, 'http'],
    [{ gates: { webhook: { url: 'https://me:secret@gate.example/' } } }, 'password'],
    [{ failureBudget: { count: 1, percent: 1 } }, 'not both'],
  ])('that makes no sense is refused: %j', (strategy, word) => {
    const parsed = strategySchema.safeParse(strategy);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(word);
  });

  it('is whole when nothing of it is given, and the same when it is read again', () => {
    const strategy = strategySchema.parse({});
    expect(strategy).toMatchObject({ onFailure: 'ROLLBACK', offline: { policy: 'SKIP_UNTIL_BACK', quorumPercent: 50 }, failureBudget: { count: 0 } });
    expect(strategySchema.parse(JSON.parse(JSON.stringify(strategy)))).toEqual(strategy);
  });
});
