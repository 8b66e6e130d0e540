import { MeshfleetError } from '@meshfleet/model';
import { commandRollout as decide } from '@meshfleet/planner';
import type { RolloutCommand } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { definitionOf, lockRolloutRow } from './load-rollout.ts';
import { loadRolloutClusters } from './rollout-clusters.ts';
import type { RolloutRow } from './rollout-row.ts';
import { changedClusters, writeClusters, writeRolloutEvents, writeRolloutState } from './write-rollout.ts';

export interface RolloutCommander {
  readonly by: string;
  readonly at: Date;
  readonly holds: (role: 'OPERATOR' | 'ADMIN' | 'OWNER') => boolean;
}

/**
 * Notes what a person asks of a rollout and wakes it. Of two who press at once one is first, and the other presses on what
 * the first has left. `changed` is false when it was so already.
 * Undefined when there is no such rollout.
 * @throws MeshfleetError ROLLOUT_ENDED, CONFLICT, FORBIDDEN or PRECONDITION_FAILED (it is not planned yet)
 */
export async function commandRollout(tx: Tx, rolloutId: string, command: RolloutCommand, who: RolloutCommander): Promise<{ readonly row: RolloutRow; readonly changed: boolean } | undefined> {
  const row = await lockRolloutRow(tx, rolloutId);
  if (row === undefined) return undefined;
  if (!row.planned && row.active) throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: 'The rollout is being planned', why: 'its clusters have no waves yet', fix: 'Try again in a moment.' });
  const accepting = command.type === 'RESUME' && command.acceptFailures !== false;
  // Only failures that are accepted are about clusters; all else is the rollout's own.
  const clusters = accepting ? (await loadRolloutClusters(tx, row, who.at)).map(({ cluster }) => cluster) : [];
  const before = { ...row.state, clusters };
  const { state, events } = decide(definitionOf(row), before, command, { by: who.by, at: who.at.getTime(), holds: who.holds });
  if (events.length === 0) return { row, changed: false };
  await writeRolloutState(tx, row, state, row.wakeAt);
  writeClusters(tx, row.id, changedClusters(before, state));
  writeRolloutEvents(tx, row.id, events);
  await enqueue(tx, 'rollout.changed', { rolloutId });
  announceChanged(tx, { clusterIds: [], policyIds: [], rolloutIds: [rolloutId] });
  return { row, changed: true };
}
