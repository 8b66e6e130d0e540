import type { Page, Slice } from '@meshfleet/store';

/** A page of a list that is in memory already, in the order of its keys. */
export function sliceByKey<E extends { readonly key: string }>(entries: readonly E[], page: Page): Slice<E> {
  const [after] = page.after ?? [];
  const [before] = page.before ?? [];
  const sorted = [...entries].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const within = sorted.filter(({ key }) => (after === undefined || key > after) && (before === undefined || key < before));
  const more = within.length > page.limit;
  if (page.backwards) return { rows: page.limit === 0 ? [] : within.slice(-page.limit), hasNext: before !== undefined, hasPrevious: more };
  return { rows: within.slice(0, page.limit), hasNext: more, hasPrevious: after !== undefined };
}
