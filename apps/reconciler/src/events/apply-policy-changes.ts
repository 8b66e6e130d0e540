import { assignPolicy } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import type { CompilationCounts } from '../compile/compile-clusters.ts';
import { compileDue } from '../compile/compile-due.ts';

export interface PolicyChanges {
  readonly organizationId: string;
  readonly changes: readonly { readonly policyId: string; readonly actor: string }[];
}

/** Policies got a new version or were deleted: places each, then compiles the clusters that this touches, once. */
export async function applyPolicyChanges(store: Store, { organizationId, changes }: PolicyChanges): Promise<CompilationCounts> {
  for (const { policyId } of changes) {
    await store.transaction(organizationId, (tx) => assignPolicy(tx, policyId));
  }
  const actors = new Set(changes.map((change) => change.actor));
  const [actor] = actors;
  // Several actors at once: each version knows who wrote it.
  if (actor === undefined || actors.size > 1) return compileDue(store, organizationId);
  return compileDue(store, organizationId, { actor, policyIds: new Set(changes.map((change) => change.policyId)) });
}
