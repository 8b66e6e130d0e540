import type { FindingSeverity } from '@meshfleet/model';
import type { AnalysisFacts } from '../input/facts.ts';
import type { KindName } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import type { Fact, Index } from './index-of.ts';

/** The inputs of a rule, by the name under which `evaluate` is given them. */
export type RuleReads = Readonly<Record<string, Index<unknown> | Fact<keyof AnalysisFacts>>>;

/** What `evaluate` may ask: the declared inputs, and nothing else of the cluster. */
export type Readers<Reads extends RuleReads> = {
  readonly [Name in keyof Reads]: Reads[Name] extends Index<infer T> ? (key: string) => readonly T[] : Reads[Name] extends Fact<infer K> ? () => AnalysisFacts[K] : never;
};

/** What a rule found in one object. */
export interface Problem {
  readonly message: string;
  /** Path within the object: `spec.http[0].route[1].destination.host`. */
  readonly path?: string;
  /** In place of the rule's own, where it can be said more exactly. */
  readonly fix?: string;
  readonly related?: readonly string[];
}

export interface RuleFacts {
  /** `IST0101` where istioctl has a code for it, and then found where istioctl finds it; `MF` and four digits for what only we find. */
  readonly code: string;
  /** CamelCase, as istioctl names its messages. */
  readonly name: string;
  readonly severity: FindingSeverity;
  /** A few words for lists of rules. */
  readonly title: string;
  /** What happens to traffic when nothing is done. */
  readonly why: string;
  readonly fix: string;
  /** The smallest manifests in which this rule finds something: documentation, and the test that it does. */
  readonly example: string;
}

export interface Rule<Reads extends RuleReads = RuleReads> extends RuleFacts {
  /** The kinds that it judges, one object at a time. */
  readonly on: readonly KindName[];
  readonly reads: Reads;
  /** Must not throw for whatever an object holds, nor remember anything. */
  evaluate(subject: Resource, readers: Readers<Reads>): Iterable<Problem>;
}

/** Keeps the types of inputs and `evaluate` in step; the answer forgets them, so that rules fit in one list. */
export function defineRule<const Reads extends RuleReads>(rule: Rule<Reads>): Rule {
  // The engine alone calls `evaluate`, with readers that it made from these very reads.
  return rule as unknown as Rule;
}
