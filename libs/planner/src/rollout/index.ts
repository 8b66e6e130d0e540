export { advanceRollout } from './advance.ts';
export type { RolloutStep } from './advance.ts';
export { commandRollout } from './command-rollout.ts';
export type { RolloutCommand } from './command-rollout.ts';
export { forecastRollout } from './forecast.ts';
export type { ForecastFreeze, RolloutForecast } from './forecast.ts';
export { isPublicAddress, parseHosts, privateHostOf } from './public-address.ts';
export { showGates } from './show-gates.ts';
export { showPhase } from './show-wave.ts';
export { planWaves } from './plan-waves.ts';
export type { PlannedWave, RolloutCandidate } from './plan-waves.ts';
export { ENDED_STATUSES, ROLLOUT_STATUSES, TOUCHED_PHASES, beginRollout, goesOnByItself, hasEnded } from './state.ts';
export type {
  ClusterObservation,
  ClusterPhase,
  FailureGate,
  FreezeObservation,
  RolloutAction,
  RolloutCluster,
  RolloutDefinition,
  RolloutEvent,
  RolloutEventKind,
  RolloutObservation,
  RolloutState,
  RolloutStatus,
  RolloutWave,
  WebhookAnswer,
} from './state.ts';
export { ANY_FIELD, touchedNames } from './touched-names.ts';
export { strategySchema } from './strategy.ts';
export type { RolloutStrategy } from './strategy.ts';
