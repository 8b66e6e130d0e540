import type { Json, JsonObject } from '@meshfleet/model';
import type { z } from 'zod';
import { closestWord } from '../check/closest-word.ts';
import { keysAt, partsAt } from './walk-schema.ts';

/** What is wrong with one parameter, and what to do about it. */
export interface ParameterProblem {
  /** Path within the parameters: `["routes", "0", "weight"]`. */
  readonly path: readonly string[];
  readonly message: string;
  readonly why?: string;
  readonly fix: string;
}

/** What the parameters were checked against. */
export interface GivenParameters {
  readonly given: unknown;
  /** JSON Schema of what may be given. */
  readonly schema: JsonObject;
  readonly example: unknown;
}

type Issue = z.core.$ZodIssue;

const MOST_SHOWN = 80;
const MOST_EXAMPLE = 200;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** zod's verdict in words for somebody who knows the preset and not zod. */
export function describeProblem(issue: Issue, parameters: GivenParameters): ParameterProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownParameter([...path, key], keysAt(partsAt(parameters.schema, path, parameters.given))));
  // Of the field that tells alternatives apart each says something else.
  const why = purposeOf(parameters, issue.code === 'invalid_union' ? path.slice(0, -1) : path);
  return [{ path, ...wordsFor(issue, path, parameters), ...(why === undefined ? {} : { why }) }];
}

function unknownParameter(path: readonly string[], known: readonly string[]): ParameterProblem {
  const meant = closestWord(path.at(-1) ?? '', known);
  return {
    path,
    message: `There is no parameter ${nameOf(path)}`,
    why: 'Nobody would read it, and what it says would not come to be.',
    fix: meant === undefined ? `What there is here: ${known.join(', ')}.` : `Did you mean ${meant}?`,
  };
}

function wordsFor(issue: Issue, path: readonly string[], { given, example }: GivenParameters): Pick<ParameterProblem, 'message' | 'fix'> {
  const [name, value] = [nameOf(path), at(given, path)];
  const wanted = wantedBy(issue);
  if (value === undefined && wanted !== undefined) return { message: `${name} is missing`, fix: `Give ${wanted}${valuesOf(issue) === undefined ? asIn(at(example, path)) : ''}.` };
  const values = valuesOf(issue);
  if (values !== undefined) {
    const meant = typeof value === 'string' ? closestWord(value, values) : undefined;
    return { message: `${name} cannot be ${shown(value)}`, fix: meant === undefined ? `Give one of ${values.join(', ')}.` : `Did you mean ${meant}? It is one of ${values.join(', ')}.` };
  }
  switch (issue.code) {
    case 'invalid_type':
      return { message: `${name} cannot be ${shown(value)}`, fix: `Give ${wanted ?? issue.expected}${asIn(at(example, path))}.` };
    case 'too_small':
    case 'too_big':
      return issue.message.startsWith('Too ') ? { message: `${name} is ${issue.code === 'too_small' ? 'less' : 'more'} than there may be`, fix: boundOf(issue) } : own(issue.message, name, value);
    case 'invalid_key':
      return { message: `${name} cannot be a key`, fix: withStop(issue.issues[0]?.message ?? issue.message) };
    case 'invalid_format':
      return issue.format === 'datetime' ? { message: `${name} cannot be ${shown(value)}`, fix: 'Write date and time in UTC, as in 2026-12-01T18:00:00Z.' } : own(issue.message, name, value);
    default:
      return own(issue.message, name, value);
  }
}

/** In a preset's own words. */
function own(message: string, name: string, value: unknown): Pick<ParameterProblem, 'message' | 'fix'> {
  if (value === undefined) return { message, fix: `Give ${name}.` };
  return { message, fix: value !== null && typeof value === 'object' ? `Correct ${name}.` : `Correct ${name}, which is ${shown(value)}.` };
}

function wantedBy(issue: Issue): string | undefined {
  const values = valuesOf(issue);
  if (values !== undefined) return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
  return issue.code === 'invalid_type' ? (TYPES[issue.expected] ?? issue.expected) : undefined;
}

function valuesOf(issue: Issue): readonly string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  // Of unions that are told apart by one field zod says which values it may have; its type does not.
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  return undefined;
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const bound = issue.code === 'too_small' ? `at least ${String(issue.minimum)}` : `at most ${String(issue.maximum)}`;
  const unit: Readonly<Record<string, string>> = { string: ' characters', array: ' entries', set: ' entries' };
  return `Give ${issue.inclusive === false ? bound.replace('at least', 'more than').replace('at most', 'less than') : bound}${unit[issue.origin] ?? ''}.`;
}

/** What the parameter is for, as its form says. */
function purposeOf({ schema, given }: GivenParameters, path: readonly string[]): string | undefined {
  const [description] = partsAt(schema, path, given).flatMap((part) => (typeof part['description'] === 'string' ? [part['description']] : []));
  return path.length === 0 ? undefined : description;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, step) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[step] : undefined), value);
}

function nameOf(path: readonly string[]): string {
  return path.length === 0 ? 'the whole of the parameters' : path.map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null || typeof value !== 'object') {
    const text = JSON.stringify(value as Json);
    return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  }
  return Array.isArray(value) ? (value.length === 0 ? 'an empty list' : 'this list') : Object.keys(value).length === 0 ? 'an empty object' : 'this object';
}

function asIn(example: unknown): string {
  const text = example === undefined || example === null || typeof example === 'boolean' ? '' : JSON.stringify(example);
  return text === '' || text.length > MOST_EXAMPLE ? '' : `, as in ${text}`;
}

function withStop(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
