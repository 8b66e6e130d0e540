import { MeshfleetError } from '@meshfleet/model';
import { listUncompiled } from '@meshfleet/store';
import type { Store, Tx } from '@meshfleet/store';
import { compileClusters } from './compile-clusters.ts';
import type { CompilationCounts } from './compile-clusters.ts';
import type { Attribution } from './plan-compilation.ts';

/** Clusters per transaction: few enough that a lock is held for milliseconds, many enough that commits do not count. */
export const BATCH = 200;
const MOST_ATTEMPTS = 5;

/**
 * Compiles every cluster of an organization whose assignments wait for it, batch by batch. What is due is read from the
 * tables, not from the event: whatever an earlier run left undone is done as well.
 */
export async function compileDue(store: Store, organizationId: string, attribution: Attribution = {}): Promise<CompilationCounts> {
  let compiled = 0;
  let revised = 0;
  let after: string | undefined;
  for (;;) {
    const batch = await whileStale(() =>
      store.transaction(organizationId, async (tx) => {
        const ids = await listUncompiled(tx, after, BATCH);
        return { ids, counts: ids.length === 0 ? NOTHING : await compileClusters(tx, ids, attribution) };
      }),
    );
    compiled += batch.counts.compiled;
    revised += batch.counts.revised;
    after = batch.ids.at(-1);
    if (batch.ids.length < BATCH) return { compiled, revised };
  }
}

/** Compiles given clusters whether or not an assignment waits: for approvals of deletions. */
export async function compileApproved(store: Store, organizationId: string, clusterIds: readonly string[], actor: string): Promise<CompilationCounts> {
  let compiled = 0;
  let revised = 0;
  for (let from = 0; from < clusterIds.length; from += BATCH) {
    const part = clusterIds.slice(from, from + BATCH);
    const work = (tx: Tx): Promise<CompilationCounts> => compileClusters(tx, part, { actor, approved: new Set(part) });
    const counts = await whileStale(() => store.transaction(organizationId, work));
    compiled += counts.compiled;
    revised += counts.revised;
  }
  return { compiled, revised };
}

const NOTHING: CompilationCounts = { compiled: 0, revised: 0 };

async function whileStale<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const stale = error instanceof MeshfleetError && error.code === 'STATE_STALE';
      if (!stale || tried >= MOST_ATTEMPTS) throw error;
    }
  }
}
