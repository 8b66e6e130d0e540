import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { World, type WorldCluster } from './rollout-world.fixture.ts';
import { hasEnded, isTouched } from './state.ts';

const AGENTS = ['a', 'b', 'c', 'd', 'e', 'f'];
const WAVES = [['a', 'b'], ['c', 'd'], ['e', 'f']];
/** Two a wave, of which one may be missing. */
const STRATEGY = { waves: [{ count: 2 }, { count: 2 }], offline: { policy: 'SKIP_UNTIL_BACK', quorumPercent: 50 }, failureGraceSeconds: 0, progressDeadlineSeconds: 60 };

type Moment = 'before the rollout' | 'when its wave opens' | 'when it has answered' | 'when the last wave opens';
const MOMENTS: readonly Moment[] = ['before the rollout', 'when its wave opens', 'when it has answered', 'when the last wave opens'];

function agentOf(world: World, name: string): WorldCluster {
  const agent = world.clusters.get(name);
  assert(agent, name);
  return agent;
}

/** Carries a rollout out while one agent goes away at some moment and, maybe, comes back some turns later. */
function carryOut(world: World, one: string, moment: Moment, backAfter: number | null, failing: string | null): void {
  const wave = WAVES.findIndex((names) => names.includes(one));
  const isDue = (): boolean => {
    switch (moment) {
      case 'before the rollout':
        return true;
      case 'when its wave opens':
        return world.state.waves[wave]?.openedAt !== null;
      case 'when it has answered':
        return world.state.clusters.find(({ name }) => name === one)?.phase === 'UPDATED';
      case 'when the last wave opens':
        return world.state.waves[WAVES.length - 1]?.openedAt !== null;
    }
  };
  let goneAt: number | null = null;
  for (let turn = 0; turn < 60 && !hasEnded(world.state.status); turn += 1) {
    const agent = agentOf(world, one);
    if (goneAt === null && isDue()) {
      goneAt = turn;
      agent.away = true;
    }
    if (goneAt !== null && backAfter !== null && turn >= goneAt + backAfter) agent.away = false;
    world.step();
    for (const { wave: of, phase } of world.state.clusters) if (isTouched(phase)) expect(world.state.waves[of]?.openedAt).not.toBeNull();
    if (failing !== null) world.settle('FAILED', [failing]);
    world.settle();
    world.pass(40);
  }
}

function comeBack(world: World, one: string): void {
  Object.assign(agentOf(world, one), { away: false, lastSeenAt: world.now });
  world.settle();
}

describe.each(AGENTS)('with %s away', (one) => {
  it.each(MOMENTS.flatMap((moment) => [1, 3, null].map((backAfter) => [moment, backAfter] as const)))('%s, and back after %s turns, a rollout stops for nobody, and everybody holds the target in the end', (moment, backAfter) => {
    const world = new World(STRATEGY, AGENTS);
    carryOut(world, one, moment, backAfter, null);
    expect([world.state.status, world.established]).toEqual(['SUCCEEDED', true]);
    comeBack(world, one);
    expect(AGENTS.map((name) => [agentOf(world, name).holds, agentOf(world, name).status])).toEqual(AGENTS.map(() => ['target', 'APPLIED']));
  });

  const others = AGENTS.filter((name) => name !== one);
  it.each(MOMENTS.flatMap((moment) => others.map((failing) => [moment, failing] as const)))('%s, while %s fails, everybody holds again what it held before, who was away as soon as it is back', (moment, failing) => {
    const world = new World({ ...STRATEGY, onFailure: 'ROLLBACK' }, AGENTS);
    carryOut(world, one, moment, null, failing);
    expect([world.state.status, world.established]).toEqual(['ROLLED_BACK', false]);
    comeBack(world, one);
    expect(AGENTS.map((name) => agentOf(world, name).holds)).toEqual(AGENTS.map((name) => agentOf(world, name).held));
  });
});
