import type { FieldSet, PathStep } from './field-set.ts';
import { childOf, formatPath, parseKeys } from './field-set.ts';

/** The leaves of a field set as paths, `.spec.http[name="a"].timeout`, at most `limit` of them, in the order in which they are kept. */
export function fieldPaths(set: FieldSet | undefined, limit: number): string[] {
  const paths: string[] = [];
  const walk = (at: FieldSet, path: readonly PathStep[]): void => {
    const below = Object.keys(at).filter((key) => key !== '.');
    if (below.length === 0 && path.length > 0 && paths.length < limit) paths.push(formatPath(path));
    for (const key of below) {
      if (paths.length >= limit) return;
      const step = stepOf(key);
      if (step !== undefined) walk(childOf(at, key) ?? {}, [...path, step]);
    }
  };
  walk(set ?? {}, []);
  return paths;
}

function stepOf(key: string): PathStep | undefined {
  const rest = key.slice(2);
  if (key.startsWith('f:')) return { field: rest };
  if (key.startsWith('i:')) return { index: Number(rest) };
  if (key.startsWith('k:')) return { keys: parseKeys(key) ?? {} };
  if (!key.startsWith('v:')) return undefined;
  try {
    return { value: JSON.parse(rest) as unknown };
  } catch {
    return { value: rest };
  }
}
