import { listDueRollouts } from '@meshfleet/store';
import { runRollout } from '../rollout/run-rollout.ts';
import type { RolloutParts } from '../rollout/run-rollout.ts';

const MOST = 1_000;

/** Moves the rollouts of an organization that are due by their clock, or wait for a person: an event of theirs may be lost. */
export async function sweepRollouts(parts: RolloutParts, organizationId: string): Promise<{ readonly rolloutId: string; readonly wakeAt: Date | null }[]> {
  const due = await parts.store.transaction(organizationId, (tx) => listDueRollouts(tx, parts.now(), MOST), { readOnly: true });
  const swept: { rolloutId: string; wakeAt: Date | null }[] = [];
  for (const rolloutId of due) swept.push({ rolloutId, wakeAt: await runRollout(parts, organizationId, rolloutId) });
  return swept;
}
