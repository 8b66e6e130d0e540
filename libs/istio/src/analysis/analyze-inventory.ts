import type { Finding, Json } from '@meshfleet/model';
import { analyze } from './analyze.ts';
import { analysisInputOf } from './input/analysis-input.ts';
import type { AnalysisFacts } from './input/facts.ts';
import type { InventoryObject } from './input/resource-of.ts';
import { unreadIn } from './unread-objects.ts';

/** One cluster as its agent reported it. */
export interface InventoryOrder {
  /** The JSON of `[key, body]` of each object: text goes to another thread for less than objects do. */
  readonly inventory: string;
  readonly facts: Partial<AnalysisFacts>;
}

export interface InventoryFindings {
  readonly findings: readonly Finding[];
  /** Objects that the inventory names and does not show. */
  readonly unread: readonly string[];
}

export function analyzeInventory({ inventory, facts }: InventoryOrder): InventoryFindings {
  const input = analysisInputOf(rowsOf(inventory), facts);
  return { findings: analyze(input), unread: [...unreadIn(input)] };
}

/** The objects in the JSON of `[key, body]` of each. */
export function rowsOf(inventory: string): InventoryObject[] {
  // Written by Postgres from the rows of one table.
  return (JSON.parse(inventory) as [string, Record<string, Json>][]).map(([key, body]) => ({ key, body }));
}
