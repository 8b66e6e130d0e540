import type { Json } from '@meshfleet/model';
import { splitReferences } from './references.ts';
import type { Reference } from './references.ts';
import { joinPath } from './walk-texts.ts';

/** The value that a reference stands for, or why there is none. */
export type Resolved = { readonly value: Json } | { readonly missing: string; readonly fix: string };

export interface UnfilledReference {
  readonly path: string;
  readonly summary: string;
  readonly fix: string;
}

/**
 * Fills the references in all texts of a value. A text that is one reference and nothing else takes the value's own type:
 * `${var.retries}` becomes the number 3. Within a longer text values become text, which lists and mappings cannot.
 */
export function fillReferences(value: Json, resolve: (reference: Reference) => Resolved, problems: UnfilledReference[], path = ''): Json {
  if (typeof value === 'string') return fillText(value, resolve, problems, path);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item, index) => fillReferences(item, resolve, problems, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillReferences(one as Json, resolve, problems, joinPath(path, key))]));
}

function fillText(text: string, resolve: (reference: Reference) => Resolved, problems: UnfilledReference[], path: string): Json {
  const parts = splitReferences(text);
  const values = parts.map((part): Json => {
    if (typeof part === 'string') return part;
    const resolved = resolve(part);
    if ('value' in resolved) return resolved.value;
    if (part.fallback !== undefined) return part.fallback;
    problems.push({ path, summary: `${part.text} stands for nothing: ${resolved.missing}`, fix: resolved.fix });
    return '';
  });
  if (values.length === 1) return values[0] ?? '';
  return values.map((value, index) => asText(value, parts[index], problems, path)).join('');
}

function asText(value: Json, part: string | Reference | undefined, problems: UnfilledReference[], path: string): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return String(value);
  const text = typeof part === 'object' ? part.text : '';
  problems.push({
    path,
    summary: `${text} is a ${Array.isArray(value) ? 'list' : 'mapping'} and cannot stand within a text`,
    fix: 'Let the reference be the whole value of the field, or give the variable a text.',
  });
  return '';
}
