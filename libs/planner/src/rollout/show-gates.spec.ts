import { expect, it } from 'vitest';
import { World } from './rollout-world.fixture.ts';
import { showGates } from './show-gates.ts';
import type { PhaseTally } from './show-gates.ts';

/** The gate of each wave that its clusters pass one by one, as the store counts them. */
function applied({ state }: World): string[] {
  return state.waves.map((wave, index) => {
    const tallies = state.clusters.filter((cluster) => cluster.wave === index).map(({ phase, gate, reason }): PhaseTally => ({ phase, gate, count: 1, reasons: reason === null ? [] : [reason] }));
    const [gate] = showGates(wave, tallies).filter(({ kind }) => kind === 'APPLIED');
    return `${gate?.status ?? ''}: ${gate?.evidence ?? ''}`;
  });
}

it('gates say what became of each wave when it went back: green stays passed, red stays red, and nothing is told of as updated', () => {
  const world = new World({ waves: [{ count: 1 }, { count: 2 }], failureGraceSeconds: 0 }, ['a', 'b', 'c', 'd']);
  world.step();
  world.settle();
  world.step();
  world.settle('APPLIED', ['b']);
  world.settle('FAILED', ['c']);
  world.step();
  expect(applied(world)).toEqual(['GREEN: 0 of 1 rolled back, 1 on the way back', 'RED: 0 of 2 rolled back, 2 on the way back', 'PENDING: 0 of 1 updated, 0 on the way, 0 failed']);
  world.settle();
  expect(world.step().state.status).toBe('ROLLED_BACK');
  expect(applied(world)).toEqual(['GREEN: 1 of 1 rolled back, 0 on the way back', 'RED: 2 of 2 rolled back, 0 on the way back', 'PENDING: 0 of 1 updated, 0 on the way, 0 failed']);
});

it('a cluster that was failing and had its time left turns no gate red by going back', () => {
  const world = new World({ waves: [{ count: 2 }], failureGraceSeconds: 60 }, ['a', 'b']);
  world.step();
  world.settle('FAILED');
  world.step();
  expect(applied(world)).toEqual(['PENDING: refused']);
  world.command({ type: 'ABORT', rollback: true, reason: null });
  world.step();
  expect(applied(world)).toEqual(['PENDING: 0 of 2 rolled back, 2 on the way back']);
});
