import type { ErrorEnvelope } from '@meshfleet/model';

/** More than this of one kind nobody reads; the rest is a number. */
const MOST = 100;

/** Warnings of each code up to so many, in their order, and after them how many more there are of it. */
export function fewOfEach(warnings: readonly ErrorEnvelope[]): ErrorEnvelope[] {
  const counts = new Map<ErrorEnvelope['code'], number>();
  const shown = warnings.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= MOST;
  });
  const left = [...counts].filter(([, count]) => count > MOST);
  return [...shown, ...left.map(([code, count]): ErrorEnvelope => ({ code, summary: `There are ${count - MOST} more warnings like these`, why: `${MOST} of a kind are told, and these are ${code}`, fix: 'See to the others first: these come then.' }))];
}
