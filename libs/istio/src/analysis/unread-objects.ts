import type { Finding } from '@meshfleet/model';
import type { AnalysisInput } from './input/analysis-input.ts';

/** Objects that are there and whose specs were too large for the inventory: what is wrong with them nobody has looked at. */
export function unreadIn({ byKind }: AnalysisInput): ReadonlySet<string> {
  return new Set([...byKind.values()].flatMap((resources) => [...resources.values()].filter(({ spec }) => spec === undefined).map(({ id }) => id)));
}

/**
 * New findings in objects that could not be read before may as well be old ones: as warnings, which refuse nothing, and say so.
 */
export function doubtUnread(introduced: readonly Finding[], unread: ReadonlySet<string>): Finding[] {
  return introduced.map((finding) =>
    unread.has(finding.object) && finding.severity === 'ERROR' ? { ...finding, severity: 'WARNING', why: `${finding.why} It may have been so before: the inventory leaves out specs of 64 KiB and more, and this was one.` } : finding,
  );
}
