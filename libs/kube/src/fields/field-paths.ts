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

/**
 * The leaves of a field set that are picked by their paths as the API server writes them in conflicts: as `fieldPaths` does, but for names that are none of
 * a program's, which stand there without quotes (`.metadata.labels.istio.io/rev`).
 */
export function pickFields(set: FieldSet, pick: (path: string) => boolean): FieldSet {
  const walk = (at: FieldSet, path: string): FieldSet | undefined => {
    const below = Object.keys(at).filter((key) => key !== '.');
    if (below.length === 0) return path !== '' && pick(path) ? at : undefined;
    const picked = below.flatMap((key) => {
      const step = stepOf(key);
      const found = step === undefined ? undefined : walk(childOf(at, key) ?? {}, path + ('field' in step ? `.${step.field}` : formatPath([step])));
      return found === undefined ? [] : [[key, found] as const];
    });
    return picked.length === 0 ? undefined : Object.fromEntries(picked);
  };
  return walk(set, '') ?? {};
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
