import type { Share, Shares } from '@meshfleet/planner';

/** A condition of an object, as far as it tells whom it is about. */
interface SaidOfObject {
  /** Fields that it is about, as server-side apply names them; none: the object as a whole. */
  readonly fields: readonly string[];
}

/**
 * Whom of those who share an object a condition is about, each with the fields of it that are theirs: a conflict over one
 * label is nobody's but the policy's that sets it. What is nobody's own is everybody's.
 */
export function concernedShares(shares: readonly Share[], { fields }: SaidOfObject): { readonly policyId: string; readonly fields: readonly string[] }[] {
  const own = shares.map((share) => ({ policyId: share.policyId, fields: fields.filter((field) => share.fields.includes(field)) })).filter((each) => each.fields.length > 0);
  return own.length > 0 ? own : shares.map(({ policyId }) => ({ policyId, fields }));
}

const DONE_ALL_THE_SAME: ReadonlySet<string> = new Set(['Conflict', 'ObjectMissing']);

/**
 * Whether a failure of an object that goes on for others keeps a policy from being withdrawn from it: its labels may still be there. Where others hold
 * some, the rest has been applied; where there is no object, there are no labels.
 */
export const delaysWithdrawal = ({ status, reason }: { readonly status: string; readonly reason: string }): boolean => status === 'FAILED' && !DONE_ALL_THE_SAME.has(reason);

/** Who shares an object; undefined when nobody does. */
export const sharesOfKey = (shares: Shares, key: string): readonly Share[] | undefined => shares.find(([each]) => each === key)?.[1];
