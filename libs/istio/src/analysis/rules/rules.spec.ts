import { describe, expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { createJudge } from '../engine/evaluate.ts';
import { createTables } from '../engine/tables.ts';
import { inputOf } from '../from-yaml.fixture.ts';
import { RULES } from './rules.ts';
import { EXAMPLE_FACTS } from './example-facts.fixture.ts';

const byTitle = RULES.map((rule) => [`${rule.code} ${rule.title}`, rule] as const);

describe('every rule', () => {
  it.each(byTitle)('%s finds something in its own example', (_title, rule) => {
    const findings = analyze(inputOf(rule.example, EXAMPLE_FACTS));
    expect(findings.map(({ code, name }) => `${code} ${name}`)).toContain(`${rule.code} ${rule.name}`);
  });

  it.each(byTitle)('%s reads what it declares to read, all of it', (_title, rule) => {
    const read = new Set<string>();
    for (const { example } of RULES) {
      const input = inputOf(example, EXAMPLE_FACTS);
      const judge = createJudge([rule], createTables(() => input), input.facts, (_rule, asked) => read.add(asked.name));
      for (const kind of rule.on) for (const resource of input.byKind.get(kind)?.values() ?? []) judge(resource);
    }
    expect([...read].sort()).toEqual([...new Set(Object.values(rule.reads).map(({ name }) => name))].sort());
  });

  it('has a code and a name that no rule with another meaning has', () => {
    const names = new Map<string, string>();
    for (const { code, name } of RULES) {
      expect(code).toMatch(/^(IST|MF)\d{4}$/);
      expect(names.get(code) ?? name).toBe(name);
      names.set(code, name);
    }
    expect(new Set(names.values()).size).toBe(names.size);
    expect(new Set(RULES.map(({ title }) => title)).size).toBe(RULES.length);
  });

  it('throws at nothing that an object may hold', () => {
    const odd: readonly unknown[] = [null, 'text', 7, [], [null], {}, [{}], ['a', 1, null]];
    for (const rule of RULES) {
      const input = inputOf(rule.example, EXAMPLE_FACTS);
      const judge = createJudge([rule], createTables(() => input), input.facts);
      for (const kind of rule.on) {
        for (const resource of input.byKind.get(kind)?.values() ?? []) {
          for (const spec of distortions(resource.spec ?? {}, odd)) expect(() => judge({ ...resource, spec: spec as typeof resource.spec })).not.toThrow();
        }
      }
    }
  });
});

/** The value with each of its parts in turn replaced by each odd one. */
function* distortions(value: unknown, odd: readonly unknown[]): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [field, child] of Object.entries(value)) {
    const replaced = (one: unknown): unknown => (Array.isArray(value) ? value.map((item: unknown, i) => (String(i) === field ? one : item)) : { ...value, [field]: one });
    for (const one of odd) yield replaced(one);
    for (const one of distortions(child, odd)) yield replaced(one);
  }
}
