import type { RuleFacts } from './engine/rule.ts';
import { RULES } from './rules/rules.ts';

/** What every rule says of itself, for the documentation and for whoever shows findings. */
export function ruleCatalogue(): readonly RuleFacts[] {
  return RULES.map(({ code, name, severity, title, why, fix, example }) => ({ code, name, severity, title, why, fix, example: example.trimStart() }));
}
