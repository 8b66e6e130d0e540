import type { Finding } from '@meshfleet/model';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { createJudge } from './engine/evaluate.ts';
import type { Index } from './engine/index-of.ts';
import { createTables } from './engine/tables.ts';
import { inFindingOrder } from './finding-order.ts';
import { applyChanges, kindOf } from './input/analysis-input.ts';
import type { AnalysisChanges, AnalysisInput } from './input/analysis-input.ts';
import type { Resource } from './input/resource.ts';
import { newFindings } from './new-findings.ts';
import { RULES } from './rules/rules.ts';

export interface FindingsChange {
  readonly appeared: readonly Finding[];
  readonly vanished: readonly Finding[];
}

/** An analysis that is kept: a change costs what it touches, not what the cluster holds. */
export interface RunningAnalysis {
  findings(): Finding[];
  /** Judges anew the changed objects, and those that had read an entry which the change touched. */
  change(changes: AnalysisChanges): FindingsChange;
  /** How many objects have been judged so far. */
  readonly judged: number;
}

interface Judgement {
  readonly findings: readonly Finding[];
  /** Every key that was read, whether something stood there or not. */
  readonly reads: readonly (readonly [readers: Map<string, Set<string>>, key: string])[];
}

/** Analyses the whole of `input` once, and remembers who read what. */
export function startAnalysis(initial: AnalysisInput): RunningAnalysis {
  // A copy of its own, changed in place: copying a kind for each change would cost what the cluster holds.
  const byKind = new Map([...initial.byKind].map(([kind, resources]) => [kind, new Map(resources)]));
  const input: AnalysisInput = { facts: initial.facts, byKind };
  let judged = 0;
  let reads: [Map<string, Set<string>>, string][] = [];
  const judgements = new Map<string, Judgement>();
  const readersByIndex = new Map<Index<unknown>, Map<string, Set<string>>>();
  const tables = createTables(() => input);
  const judge = createJudge(RULES, tables, initial.facts, (_rule, asked, key) => {
    if (asked.type === 'fact') return; // facts do not change while an analysis runs
    let readers = readersByIndex.get(asked);
    if (readers === undefined) readersByIndex.set(asked, (readers = new Map()));
    reads.push([readers, key]);
  });

  const forget = (id: string): readonly Finding[] => {
    const judgement = judgements.get(id);
    for (const [readers, key] of judgement?.reads ?? []) {
      const ids = readers.get(key);
      ids?.delete(id);
      if (ids?.size === 0) readers.delete(key);
    }
    judgements.delete(id);
    return judgement?.findings ?? [];
  };
  const decide = (subject: Resource): readonly Finding[] => {
    judged += 1;
    reads = [];
    const findings = judge(subject);
    for (const [readers, key] of reads) {
      const ids = readers.get(key);
      if (ids === undefined) readers.set(key, new Set([subject.id]));
      else ids.add(subject.id);
    }
    judgements.set(subject.id, { findings, reads });
    return findings;
  };

  for (const kind of new Set(RULES.flatMap((rule) => rule.on))) {
    for (const resource of input.byKind.get(kind)?.values() ?? []) decide(resource);
  }

  return {
    get judged() {
      return judged;
    },
    findings: () => inFindingOrder([...judgements.values()].flatMap(({ findings }) => findings)),
    change(changes) {
      const keys = keysOf(changes);
      const before = new Map(keys.map((id) => [id, find(input, id)]));
      applyChanges(changes, (kind) => kindOf(byKind, kind));
      const dirty = new Set(keys);
      for (const id of keys) {
        tables.replace(before.get(id), find(input, id), (index, key) => {
          for (const reader of readersByIndex.get(index)?.get(key) ?? []) dirty.add(reader);
        });
      }
      const old: Finding[] = [];
      const fresh: Finding[] = [];
      for (const id of dirty) {
        old.push(...forget(id));
        const subject = find(input, id);
        if (subject !== undefined) fresh.push(...decide(subject));
      }
      return { appeared: inFindingOrder(newFindings(old, fresh)), vanished: inFindingOrder(newFindings(fresh, old)) };
    },
  };
}

function keysOf(changes: AnalysisChanges): readonly string[] {
  return [...new Set([...(changes.remove ?? []), ...(changes.upsert ?? []).map(({ object }) => formatObjectKey(objectKeyOf(object)))])];
}

function find(input: AnalysisInput, id: string): Resource | undefined {
  return input.byKind.get(id.slice(0, id.indexOf('/')))?.get(id);
}
