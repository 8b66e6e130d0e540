import { isRecord } from '../apply/json-equal.ts';

/**
 * `$setElementOrder`: puts the named items in the named order. Items that the server alone knows keep their place relative to the item
 * that preceded them in the live list.
 */
export function alignOrder(merged: readonly unknown[], order: readonly unknown[], live: readonly unknown[], key: string | undefined): unknown[] {
  const identity = (item: unknown): string => JSON.stringify(key !== undefined && isRecord(item) ? item[key] : item);
  const wanted = order.map(identity);
  const inOrder = merged.filter((item) => wanted.includes(identity(item))).sort((a, b) => wanted.indexOf(identity(a)) - wanted.indexOf(identity(b)));
  const others = merged.filter((item) => !wanted.includes(identity(item)));
  const livePlace = new Map(live.map((item, index) => [identity(item), index]));
  const place = (item: unknown): number => livePlace.get(identity(item)) ?? -1;
  const out: unknown[] = [];
  let next = 0;
  for (const item of inOrder) {
    // What only the server knows comes before, when it stood before in the live list.
    while (next < others.length && place(item) !== -1 && place(others[next]) < place(item)) out.push(others[next++]);
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}
