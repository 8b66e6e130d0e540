import { expect, it } from 'vitest';
import { ROLLOUT_STATUSES, goesOnByItself } from './state.ts';

it('a rollout goes on by itself unless it has ended, or a person has to say something', () => {
  expect(ROLLOUT_STATUSES.filter((status) => !goesOnByItself(status))).toEqual(['WAITING_APPROVAL', 'PAUSED', 'SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED']);
});
