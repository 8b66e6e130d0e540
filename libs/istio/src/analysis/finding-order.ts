import type { Finding, FindingSeverity } from '@meshfleet/model';

const RANK: Readonly<Record<FindingSeverity, number>> = { ERROR: 0, WARNING: 1, INFO: 2 };

/** What breaks first, then by object, code and place. */
export function inFindingOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity] || compare(a.object, b.object) || compare(a.code, b.code) || compare(a.path ?? '', b.path ?? '') || compare(a.message, b.message));
}

// Not localeCompare: the order must be the same on every machine.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
