export { insertRollout, supersedeRollout } from './insert-rollout.ts';
export type { NewRollout } from './insert-rollout.ts';
export { listDueRollouts, stepRollout } from './step-rollout.ts';
export type { SteppedRollout } from './step-rollout.ts';
