import { analysisInputOf, analyze, type AnalysisFacts } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import { rowsOf } from './rows-of-inventory.ts';

/** One cluster as its agent reported it. */
export interface InventoryOrder {
  /** The JSON of `[key, body]` of each object: text goes to another thread for less than objects do. */
  readonly inventory: string;
  readonly facts: Partial<AnalysisFacts>;
}

export function analyzeInventory({ inventory, facts }: InventoryOrder): readonly Finding[] {
  return analyze(analysisInputOf(rowsOf(inventory), facts));
}
