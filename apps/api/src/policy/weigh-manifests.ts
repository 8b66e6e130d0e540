import type { Patch } from '@meshfleet/planner';
import type { ManifestOrder } from './read-manifests.ts';

/** Up to so many characters are read where they are: some 10 ms, less than it takes to hand them over and back. */
export const LIGHT = 256 * 1024;
/** How often a text is read at most: once for each kind of cluster among its targets. */
const MOST_RENDERINGS = 50;

/**
 * About how many characters there are to check, once for each rendering: the text, the patches of each object, the values
 * and where references repeat them. What copies grow to nobody knows before: those never hold up everybody else.
 */
export function weightOf({ text, variables, patches, targets }: Pick<ManifestOrder, 'text' | 'variables' | 'patches' | 'targets'>): number {
  if (patches.some(copies)) return Number.POSITIVE_INFINITY;
  const objects = Math.max(1, occurrences(text, 'metadata'));
  const values = variables.flatMap(({ default: otherwise, values: others }) => [otherwise, ...others.map(({ value }) => value)]).map(lengthOf);
  const longest = values.reduce((most, length) => Math.max(most, length), 0);
  const references = occurrences(text, '${var.') + objects * patches.reduce((sum, { patch }) => sum + occurrences(patch, '${var.'), 0);
  const rendering = text.length + objects * lengthOf(patches.map(({ value }) => value)) + lengthOf(variables) + references * longest;
  return rendering * Math.max(1, Math.min(targets.length, MOST_RENDERINGS));
}

function occurrences(text: string, what: string): number {
  return text.split(what).length - 1;
}

function copies({ type, value }: Patch): boolean {
  return type === 'JSON' && Array.isArray(value) && value.some((operation: { readonly op?: unknown } | null) => operation?.op === 'copy');
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}
