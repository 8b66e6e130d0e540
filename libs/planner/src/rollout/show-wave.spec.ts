import { expect, it } from 'vitest';
import { World } from './rollout-world.fixture.ts';
import { showPhase } from './show-wave.ts';

const shown = ({ state }: World): string[] => state.waves.map((wave, index) => showPhase(state.status, wave, state.clusters.filter((cluster) => cluster.wave === index)));
const underWay = (names: readonly string[] = ['a', 'b', 'c']): World => {
  const world = new World({ waves: [{ count: 1 }, { count: 1 }], soakSeconds: 60 }, names);
  world.step();
  world.settle();
  world.step();
  return world;
};

it('a wave that goes back is not said to be watched, and neither is one that went back', () => {
  const world = underWay();
  expect(shown(world)).toEqual(['SOAKING', 'PENDING', 'PENDING']);
  world.command({ type: 'ABORT', rollback: true, reason: null });
  world.step();
  expect(shown(world)).toEqual(['ROLLING_BACK', 'PENDING', 'PENDING']);
  world.settle();
  expect(world.step().state.status).toBe('ROLLED_BACK');
  expect(shown(world)).toEqual(['ROLLED_BACK', 'PENDING', 'PENDING']);
});

it('each wave that went back says so by itself, also one that had been good', () => {
  const world = underWay();
  world.pass(60);
  world.step();
  expect(shown(world)).toEqual(['DONE', 'OPEN', 'PENDING']);
  world.command({ type: 'ABORT', rollback: true, reason: null });
  world.step();
  expect(shown(world)).toEqual(['ROLLING_BACK', 'ROLLING_BACK', 'PENDING']);
  world.settle('APPLIED', ['a']);
  world.step();
  expect(shown(world)).toEqual(['ROLLED_BACK', 'ROLLING_BACK', 'PENDING']);
});

it('a wave in the middle of which a rollout is ended where it stands has stopped', () => {
  const world = underWay();
  world.command({ type: 'ABORT', rollback: false, reason: null });
  expect(world.step().state.status).toBe('ABORTED');
  expect(shown(world)).toEqual(['STOPPED', 'PENDING', 'PENDING']);
});
