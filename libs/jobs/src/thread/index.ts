export { failedAnalysis } from './failed-analysis.ts';
export type { AnalysisFailure } from './failed-analysis.ts';
export { answerTasks } from './answer-tasks.ts';
export { TaskThread } from './task-thread.ts';
export { isTooLarge, MOST_OF_CLUSTER, withInventory } from './with-inventory.ts';
export type { InventorySource } from './with-inventory.ts';
export type { SizedLimits, TaskLimits } from './task-thread.ts';
