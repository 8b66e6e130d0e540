import type { ErrorEnvelope } from '@meshfleet/model';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Explained = Pick<ErrorEnvelope, 'summary' | 'why' | 'fix'>;

const MOST_SHOWN = 80;
const TYPES: Readonly<Record<string, string>> = { string: 'a text', int: 'a whole number', number: 'a number', boolean: 'true or false', array: 'a list', object: 'an object', date: 'a time in ISO 8601, as 2026-12-24T18:00:00Z' };

/**
 * What zod found in an input, with what was given and what may be. A rule that knows more than its message says so in
 * `params`: `why`, and `fix`.
 */
export function explainIssue(issue: Issue, input: unknown): Explained {
  const said: { why?: unknown; fix?: unknown } = issue.code === 'custom' ? (issue.params ?? {}) : {};
  const why = typeof said.why === 'string' ? said.why : whatWasGiven(valueAt(input, issue.path));
  const fix = typeof said.fix === 'string' ? said.fix : whatMayBeGiven(issue);
  return { summary: issue.message, why, ...(fix === undefined ? {} : { fix }) };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, step) => (typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[step] : undefined), input);
}

function whatWasGiven(value: unknown): string {
  if (value === undefined || value === null) return 'nothing was given';
  if (Array.isArray(value)) return `${value.length} were given`;
  if (typeof value === 'object') return `an object with ${Object.keys(value).join(', ') || 'no fields'} was given`;
  if (typeof value !== 'string') return `it is ${String(value)}`;
  return value.length > MOST_SHOWN ? `it has ${value.length} characters` : `it is ${JSON.stringify(withoutPassword(value))}`;
}

/** An error may end in somebody's log. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//…@');
}

function whatMayBeGiven(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'too_small':
      return `Give ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}.`;
    case 'too_big':
      return `Give ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}.`;
    case 'invalid_type':
      return `Give ${TYPES[issue.expected] ?? issue.expected}.`;
    case 'invalid_value':
      return `Give ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}.`;
    default:
      return undefined;
  }
}

function unitOf(origin: string, count: number | bigint): string {
  return origin === 'string' ? (Number(count) === 1 ? ' character' : ' characters') : '';
}
