import { commonFields, pickFields } from '@meshfleet/kube';
import type { FormerValues } from '../former/hand-back.ts';
import type { Knowledge } from './apply-entry.ts';
import { contentMark } from './ownership.ts';

interface Taken {
  /** The object is ours, or has labels of ours. */
  readonly managed: boolean;
  /** What was taken of others in it. */
  readonly record: Pick<FormerValues, 'uid' | 'fields' | 'theirs' | 'over'> | undefined;
  readonly uid: string | undefined;
  /** Of the content that is applied. */
  readonly hash: string;
}

/**
 * Of fields that others hold, those that the content before had as well: whoever has them by now took them from us, which a policy that corrects drift takes
 * back. None where that was done so often that somebody must want them otherwise, and none that were taken of others in the first place: to have these takes leave.
 */
export function takenFromUs(fields: readonly string[], { managed, record, uid, hash }: Taken, { previous, contested }: Pick<Knowledge, 'previous' | 'contested'>): ReadonlySet<string> {
  if (!managed || contested || previous === undefined) return new Set();
  const lent = new Set(takenOfOthers({ record, uid, hash }));
  return new Set(fields.filter((field) => hasPath(previous, field) && !lent.has(field)));
}

/** Fields that were taken of others in the first place. What was drift of this very content before it was taken is ours all the same. */
export function takenOfOthers({ record, uid, hash }: Omit<Taken, 'managed'>): string[] {
  const paths: string[] = [];
  if (record?.uid === uid && record?.over !== contentMark(hash)) pickFields(commonFields(record?.fields ?? {}, record?.theirs ?? {}), (path) => paths.push(path) > 0);
  return paths;
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
