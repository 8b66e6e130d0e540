import type { Finding } from '@meshfleet/model';
import type { AnalysisFacts } from '../input/facts.ts';
import type { KindName } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import type { Fact, Index } from './index-of.ts';
import type { Readers, Rule, RuleReads } from './rule.ts';
import type { Tables } from './tables.ts';

export type NoteRead = (rule: Rule, input: Index<unknown> | Fact<keyof AnalysisFacts>, key: string) => void;

/** Judges one object by every rule for its kind. */
export type Judge = (subject: Resource) => Finding[];

/** `note` hears of each read, before it is answered. */
export function createJudge(rules: readonly Rule[], tables: Tables, facts: AnalysisFacts, note?: NoteRead): Judge {
  const byKind = new Map<KindName, { readonly rule: Rule; readonly readers: Readers<RuleReads> }[]>();
  for (const rule of rules) {
    const armed = { rule, readers: readersOf(rule, tables, facts, note) };
    for (const kind of rule.on) {
      const known = byKind.get(kind);
      if (known === undefined) byKind.set(kind, [armed]);
      else known.push(armed);
    }
  }
  return (subject) => {
    const findings: Finding[] = [];
    // Too large for the inventory: nothing can be said of it.
    if (subject.spec === undefined) return findings;
    for (const { rule, readers } of byKind.get(subject.kind) ?? []) {
      for (const { message, path, fix, related } of rule.evaluate(subject, readers)) {
        findings.push({
          code: rule.code,
          name: rule.name,
          severity: rule.severity,
          message,
          why: rule.why,
          fix: fix ?? rule.fix,
          object: subject.id,
          ...(path === undefined ? {} : { path }),
          ...(related === undefined || related.length === 0 ? {} : { related }),
        });
      }
    }
    return findings;
  };
}

function readersOf(rule: Rule, tables: Tables, facts: AnalysisFacts, note: NoteRead | undefined): Readers<RuleReads> {
  const readers: Record<string, (key: string) => unknown> = {};
  for (const [name, input] of Object.entries(rule.reads)) {
    const answer = input.type === 'fact' ? () => facts[input.name] : (key: string) => tables.find(input, key);
    readers[name] =
      note === undefined
        ? answer
        : (key) => {
            note(rule, input, key);
            return answer(key);
          };
  }
  // Each name answers what its declared input holds: that is what Readers says.
  return readers as Readers<RuleReads>;
}
