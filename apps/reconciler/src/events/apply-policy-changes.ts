import { assignPolicy, listUncompiled } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import type { CompilationCounts } from '../compile/compile-clusters.ts';
import { compileDue } from '../compile/compile-due.ts';

export interface PolicyChanges {
  readonly organizationId: string;
  readonly changes: readonly { readonly policyId: string; readonly actor: string }[];
}

/** Policies per transaction: a commit waits for the disk, and while it does other placements of the organization wait. */
const PLACED_TOGETHER = 16;

/** Policies got a new version or were deleted: places each, then compiles the clusters that this touches, once. */
export async function applyPolicyChanges(store: Store, { organizationId, changes }: PolicyChanges): Promise<CompilationCounts> {
  const ids = changes.map(({ policyId }) => policyId);
  let due = false;
  for (let from = 0; from < ids.length; from += PLACED_TOGETHER) {
    due = await store.transaction(organizationId, async (tx) => {
      for (const policyId of ids.slice(from, from + PLACED_TOGETHER)) await assignPolicy(tx, policyId);
      // Whatever waits, also of an earlier run that was broken off.
      return (await listUncompiled(tx, undefined, 1)).length > 0;
    });
  }
  if (!due) return { compiled: 0, revised: 0 };
  const actors = new Set(changes.map((change) => change.actor));
  const [actor] = actors;
  // Several actors at once: each version knows who wrote it.
  if (actor === undefined || actors.size > 1) return compileDue(store, organizationId);
  return compileDue(store, organizationId, { actor, policyIds: new Set(changes.map((change) => change.policyId)) });
}
