/** How much of a cluster's history stays readable: whatever either bound keeps. */
export interface RetentionRule {
  /** The newest revisions of a cluster, however old. */
  readonly keepRevisions: number;
  /** Every revision younger than this. */
  readonly keepDays: number;
}

export const DEFAULT_RETENTION: RetentionRule = { keepRevisions: 50, keepDays: 30 };

const DAY = 86_400_000;

/** Whether a revision of a cluster may be forgotten. The current one never may, whatever the rule says. */
export function isForgettable(
  rule: RetentionRule,
  state: { readonly revision: number; readonly createdAt: Date },
  currentRevision: number,
  now: Date,
): boolean {
  const newest = currentRevision - Math.max(1, rule.keepRevisions);
  return state.revision <= newest && state.createdAt.getTime() < now.getTime() - rule.keepDays * DAY;
}
