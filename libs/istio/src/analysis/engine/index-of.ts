import type { AnalysisFacts } from '../input/facts.ts';
import type { KindName } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';

/**
 * A question that rules ask of the whole cluster ("which services answer to this host?"), answered by a table that is
 * built once and shared by all rules. What an entry says must come out of its one resource: then a changed resource
 * changes just its own entries, and whoever read one of their keys is who must look again.
 */
export interface Index<T> {
  readonly type: 'index';
  readonly name: string;
  readonly of: readonly KindName[];
  entries(resource: Resource, facts: AnalysisFacts): Iterable<readonly [key: string, value: T]>;
}

export function defineIndex<T>(index: Omit<Index<T>, 'type'>): Index<T> {
  return { type: 'index', ...index };
}

/** One of the facts, declared as a rule's input. */
export interface Fact<K extends keyof AnalysisFacts> {
  readonly type: 'fact';
  readonly name: K;
}

export const fact = <K extends keyof AnalysisFacts>(name: K): Fact<K> => ({ type: 'fact', name });
