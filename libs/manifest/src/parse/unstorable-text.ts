import type { Json } from '@meshfleet/model';

/**
 * Characters that no store of ours can hold: U+0000, which Postgres has in no text, and half of a surrogate pair, which
 * UTF-8 has not. Where the first one stands, or -1.
 */
export function unstorableAt(text: string): number {
  if (text.isWellFormed() && !text.includes('\0')) return -1;
  return text.search(/[\0\p{Surrogate}]/u);
}

/** The path, as API servers write paths, of the first string or key in a value that holds such a character. */
export function unstorablePath(value: Json, path = ''): string | undefined {
  if (typeof value === 'string') return unstorableAt(value) === -1 ? undefined : path;
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const found = unstorablePath(item, `${path}[${String(index)}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (unstorableAt(key) !== -1) return path;
    const found = unstorablePath(item as Json, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
