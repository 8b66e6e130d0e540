import type { Finding } from '@meshfleet/model';

/** Errors that `after` has and `before` has not: what a change would break. */
export function newErrors(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  return newFindings(before, after.filter(({ severity }) => severity === 'ERROR'));
}

/**
 * Findings of `after` that `before` did not have. Two are the same finding if they have one code, object and place, or, where
 * lists have been reordered, one code, object and message. One finding of before stands for one of after.
 */
export function newFindings(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const byPlace = (finding: Finding): string => JSON.stringify([finding.code, finding.object, finding.path, finding.message]);
  const byMessage = (finding: Finding): string => JSON.stringify([finding.code, finding.object, finding.message]);
  const byPath = (finding: Finding): string => JSON.stringify([finding.code, finding.object, finding.path ?? '']);
  let left = before;
  let fresh = after;
  for (const identity of [byPlace, byMessage, byPath]) [left, fresh] = [without(left, fresh, identity), without(fresh, left, identity)];
  return [...fresh];
}

/** `findings` less one for each of `others` with the same identity. */
function without(findings: readonly Finding[], others: readonly Finding[], identity: (finding: Finding) => string): Finding[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(identity(other), (counts.get(identity(other)) ?? 0) + 1);
  return findings.filter((finding) => {
    const count = counts.get(identity(finding)) ?? 0;
    if (count === 0) return true;
    counts.set(identity(finding), count - 1);
    return false;
  });
}
