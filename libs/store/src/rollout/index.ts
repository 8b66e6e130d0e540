export { commandRollout } from './command-rollout.ts';
export { endFreeze } from './end-freeze.ts';
export { countFreezes, findFreezeInWay, findFreezes, insertFreeze, listFreezes, openFreezes } from './freezes.ts';
export type { FreezeRow } from './freezes.ts';
export { freezesOfRollouts } from './forecast-freezes.ts';
export { findOverlappingRollout } from './find-overlap.ts';
export { insertRollout, supersedeRollout } from './insert-rollout.ts';
export { previewRollout } from './preview-rollout.ts';
export type { ClusterLook } from './rollout-findings.ts';
export type { RolloutRow } from './rollout-row.ts';
export {
  countClustersOfRollouts,
  countRollouts,
  findActiveRollouts,
  findRollouts,
  listClustersOfRollouts,
  listEventsOfRollouts,
  listRollouts,
  listRolloutsOfPolicies,
  pacesOfRollouts,
  tallyRollouts,
} from './rollouts.ts';
export type { RolloutClusterFilter, RolloutClusterRow, RolloutEventRow, RolloutFilter, RolloutTally } from './rollouts.ts';
export { leaveWebhookSlot, takeWebhookSlot } from './webhook-slots.ts';
export { listDueRollouts, stepRollout } from './step-rollout.ts';
export type { RolloutCall, StepInput, SteppedRollout } from './step-rollout.ts';
