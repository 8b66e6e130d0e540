import { assignClusters, announcePage } from '@meshfleet/store';
import type { ClusterChange, Store } from '@meshfleet/store';
import { BATCH, compileApproved, compileDue } from '../compile/compile-due.ts';
import type { CompilationCounts } from '../compile/compile-clusters.ts';

export interface ClusterChanges {
  readonly organizationId: string;
  readonly changes: readonly { readonly clusterId: string; readonly reason: ClusterChange; readonly actor: string }[];
}

/** Clusters came, went, moved or were labelled anew: places all policies on them, then compiles what this touches. */
export async function applyClusterChanges(store: Store, { organizationId, changes }: ClusterChanges): Promise<CompilationCounts> {
  const ids = [...new Set(changes.map((change) => change.clusterId))];
  for (let from = 0; from < ids.length; from += BATCH) {
    await store.transaction(organizationId, (tx) => assignClusters(tx, ids.slice(from, from + BATCH)));
  }
  const actors = new Set(changes.map((change) => change.actor));
  const [actor] = actors;
  const attribution = actor === undefined || actors.size > 1 ? {} : { actor, clusterIds: new Set(ids) };
  const counts = await compileDue(store, organizationId, attribution);
  const approved = changes.filter((change) => change.reason === 'DELETIONS_APPROVED');
  const more = await Promise.all(
    [...Map.groupBy(approved, (change) => change.actor)].map(([who, theirs]) =>
      compileApproved(store, organizationId, theirs.map((change) => change.clusterId), who),
    ),
  );
  return {
    compiled: counts.compiled + more.reduce((sum, part) => sum + part.compiled, 0),
    revised: counts.revised + more.reduce((sum, part) => sum + part.revised, 0),
  };
}

/** A person ended OBSERVE mode: every cluster is told again what it should hold, now to be carried out. */
export async function applyOrganizationResumed(store: Store, organizationId: string): Promise<void> {
  let after: string | undefined;
  do {
    after = await store.transaction(organizationId, (tx) => announcePage(tx, after, BATCH), { readOnly: true });
  } while (after !== undefined);
}
