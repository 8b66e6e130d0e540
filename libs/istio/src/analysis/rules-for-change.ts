import type { Rule } from './engine/rule.ts';
import { KIND } from './input/kinds.ts';
import type { KindName } from './input/kinds.ts';
import { RULES } from './rules/rules.ts';

/** Rules whose declared inputs can see any of these changed objects; the others find what they found before. */
export function rulesForChange(rules: readonly Rule[], changed: readonly string[]): readonly Rule[] {
  const touched = kindsIn(changed);
  return rules.filter((rule) => [...rule.on, ...askedOf(rule)].some((kind) => touched.has(kind)));
}

/**
 * The kinds that an analysis must know to tell what a change of these objects brings and ends, with {@link analyze} and
 * `changed`: whatever else a cluster holds, it finds the same in it before and after. Empty: no rule can see the change.
 */
export function kindsForChange(changed: readonly string[]): readonly KindName[] {
  const touched = kindsIn(changed);
  const kinds = new Set(rulesForChange(RULES, changed).flatMap((rule) => neededBy(rule, touched)));
  // It says what the mesh configuration is, which any rule may ask.
  return kinds.size === 0 ? [] : [...kinds.add(KIND.SailIstio)].sort();
}

/** A rule that asks others about the changed kinds may judge any of its subjects anew; one that does not, the changed objects alone. */
function neededBy(rule: Rule, touched: ReadonlySet<KindName>): readonly KindName[] {
  const asked = askedOf(rule);
  return [...(asked.some((kind) => touched.has(kind)) ? rule.on : rule.on.filter((kind) => touched.has(kind))), ...asked];
}

function kindsIn(keys: readonly string[]): ReadonlySet<KindName> {
  return new Set(keys.map((key) => key.slice(0, key.indexOf('/'))));
}

function askedOf(rule: Rule): readonly KindName[] {
  return Object.values(rule.reads).flatMap((input) => (input.type === 'index' ? input.of : []));
}
