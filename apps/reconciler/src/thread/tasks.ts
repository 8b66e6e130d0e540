import { analyzeInventory } from '@meshfleet/istio/analysis';

/** What jobs ask for that may take long. */
export const TASKS = { analyzeInventory };
