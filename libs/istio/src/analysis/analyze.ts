import type { Finding } from '@meshfleet/model';
import { createJudge } from './engine/evaluate.ts';
import type { Rule } from './engine/rule.ts';
import { createTables } from './engine/tables.ts';
import { inFindingOrder } from './finding-order.ts';
import type { AnalysisInput } from './input/analysis-input.ts';
import { rulesForChange } from './rules-for-change.ts';
import { RULES } from './rules/rules.ts';

export interface AnalyzeOptions {
  /** Codes of the rules to run; all of them without it. */
  readonly only?: readonly string[];
  /** Keys of changed objects: rules whose declared inputs cannot see any of them are left out, for they find what they found before. */
  readonly changed?: readonly string[];
}

/** All findings of one cluster, in one run: the same input gives the same findings in the same order. */
export function analyze(input: AnalysisInput, options: AnalyzeOptions = {}): Finding[] {
  const rules = chooseRules(options);
  const judge = createJudge(rules, createTables(() => input), input.facts);
  const findings: Finding[] = [];
  for (const kind of new Set(rules.flatMap((rule) => rule.on))) {
    for (const resource of input.byKind.get(kind)?.values() ?? []) findings.push(...judge(resource));
  }
  return inFindingOrder(findings);
}

function chooseRules({ only, changed }: AnalyzeOptions): readonly Rule[] {
  const asked = only === undefined ? RULES : RULES.filter((rule) => only.includes(rule.code));
  if (changed === undefined) return asked;
  return rulesForChange(asked, changed);
}
