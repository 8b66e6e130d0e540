import type { Knowledge } from './apply-entry.ts';

/**
 * Of fields that others hold, those that the content before had as well: whoever has them by now took them from us, which a policy that corrects drift takes
 * back. None where that was done so often that somebody must want them otherwise.
 * @param managed the object is ours, or has labels of ours
 */
export function takenFromUs(fields: readonly string[], managed: boolean, { previous, contested }: Pick<Knowledge, 'previous' | 'contested'>): ReadonlySet<string> {
  return new Set(managed && !contested && previous !== undefined ? fields.filter((field) => hasPath(previous, field)) : []);
}

/** Whether an object has something at a path as conflicts name it, followed until the first list. Keys of labels and annotations hold dots of their own. */
function hasPath(object: object, path: string): boolean {
  const plain = path.split('[')[0] ?? '';
  const [, map, key] = /^(\.metadata\.(?:labels|annotations))\.(.+)$/.exec(plain) ?? [];
  const steps = [...(map ?? plain).split('.').filter((part) => part !== ''), ...(key === undefined ? [] : [key])];
  let at: unknown = object;
  for (const field of steps) {
    if (typeof at !== 'object' || at === null) return false;
    at = (at as { readonly [field: string]: unknown })[field]; // an object, as just checked
  }
  return at !== undefined;
}
