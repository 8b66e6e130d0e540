import type { EntryMode } from '@meshfleet/protocol';

/** One object that a policy wants: its content by hash, whether only its labels and annotations are asked for, and what is taken of others. */
export interface AssignedObject {
  readonly key: string;
  readonly hash: string;
  readonly mode?: EntryMode | undefined;
  /** Instead of what the policy says of conflicts. */
  readonly conflicts?: 'FORCE' | undefined;
  /** Fields that are taken of other managers; sorted, never empty. */
  readonly takeOver?: readonly string[] | undefined;
  /** From then on (ISO 8601, UTC) no cluster is asked to hold it. */
  readonly expiresAt?: string | undefined;
}

/** A policy as it is assigned to one cluster. */
export interface Assignment {
  readonly policyId: string;
  readonly policyName: string;
  /** When the policy was created, in milliseconds: the older policy keeps what two want. */
  readonly createdAt: number;
  readonly version: number;
  readonly objects: readonly AssignedObject[];
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'REPORT' | 'FORCE';
}

/** An object that a policy wants and does not get, because an older policy holds it. */
export interface LostClaim {
  readonly key: string;
  readonly policyId: string;
  readonly heldBy: { readonly policyId: string; readonly policyName: string };
}

export interface Claims {
  /** Who holds each wanted key. */
  readonly holders: ReadonlyMap<string, AssignedObject & { readonly assignment: Assignment }>;
  readonly lost: readonly LostClaim[];
}

/**
 * Settles which policy holds each object of a cluster. The oldest wins, and of two equally old the smaller id: a total
 * order over policies that no event changes, so that an object never goes to and fro between two of them.
 */
export function claimObjects(assignments: readonly Assignment[]): Claims {
  const holders = new Map<string, AssignedObject & { assignment: Assignment }>();
  const lost: LostClaim[] = [];
  for (const assignment of [...assignments].sort(olderFirst)) {
    for (const object of assignment.objects) {
      const { key } = object;
      const holder = holders.get(key);
      if (holder === undefined) holders.set(key, { ...object, assignment });
      else if (holder.assignment.policyId !== assignment.policyId) {
        const { policyId, policyName } = holder.assignment;
        lost.push({ key, policyId: assignment.policyId, heldBy: { policyId, policyName } });
      }
    }
  }
  return { holders, lost };
}

function olderFirst(a: Assignment, b: Assignment): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.policyId < b.policyId ? -1 : a.policyId > b.policyId ? 1 : 0;
}
