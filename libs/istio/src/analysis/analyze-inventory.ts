import type { Finding, Json } from '@meshfleet/model';
import { analyze } from './analyze.ts';
import { analysisInputOf } from './input/analysis-input.ts';
import type { AnalysisFacts } from './input/facts.ts';
import type { InventoryObject } from './input/resource-of.ts';

/** One cluster as its agent reported it. */
export interface InventoryOrder {
  /** The JSON of `[key, body]` of each object: text goes to another thread for less than objects do. */
  readonly inventory: string;
  readonly facts: Partial<AnalysisFacts>;
}

export function analyzeInventory({ inventory, facts }: InventoryOrder): readonly Finding[] {
  return analyze(analysisInputOf(rowsOf(inventory), facts));
}

/** The objects in the JSON of `[key, body]` of each. */
export function rowsOf(inventory: string): InventoryObject[] {
  // Written by Postgres from the rows of one table.
  return (JSON.parse(inventory) as [string, Record<string, Json>][]).map(([key, body]) => ({ key, body }));
}
