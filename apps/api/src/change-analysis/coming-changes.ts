import type { AnalysisChanges, Upsert } from '@meshfleet/istio/analysis';
import { parseObjectKey, type KubeObject } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import { findUnreportedObjects, listUnplacedObjects, loadContents, type Tx } from '@meshfleet/store';
import { composeAsIs, type ClusterPreview } from '../planned-change/preview-clusters.ts';

/** Objects that are looked at; more are on their way only when a cluster is new, and then little is known of it anyway. */
const MOST_OBJECTS = 1_000;
/** Policies whose clusters the reconciler has yet to find. */
const MOST_POLICIES = 100;

/**
 * What is on its way into a cluster and cannot be in its inventory yet: of what it is asked to hold, whatever its agent has
 * not reported or not acknowledged, and what policies say that were accepted a moment ago. Who pushes one policy after the
 * other, the second of which refers to the first, is not to be told that the first is missing. `kinds`: those that matter.
 */
export async function comingInto(tx: Tx, { id }: ClusterPreview['loaded'], kinds: readonly string[]): Promise<AnalysisChanges> {
  const [asIs] = await composeAsIs(tx, [id]);
  const relevant = new Set(kinds);
  const entries = (asIs?.composition.state.entries ?? []).filter(({ key }) => relevant.has(kindOf(key)));
  const due = asIs === undefined ? [] : (await entriesDue(tx, asIs, entries)).slice(0, MOST_OBJECTS);
  const missing = due.map(({ hash }) => hash).filter((hash) => asIs?.bodies.has(hash) !== true);
  const stored = missing.length === 0 ? new Map<string, KubeObject>() : await loadContents(tx, missing);
  const unplaced = await listUnplacedObjects(tx, MOST_POLICIES, MOST_OBJECTS);
  const upsert = due.flatMap(({ hash, policyId }) => upsertOf(asIs?.bodies.get(hash) ?? stored.get(hash), policyId));
  return { upsert: [...upsert, ...unplaced.filter(({ key }) => relevant.has(kindOf(key))).flatMap(({ body, policyId }) => upsertOf(body, policyId))] };
}

/** What failed there does not come by itself. */
async function entriesDue(tx: Tx, { loaded, composition }: ClusterPreview, entries: readonly DesiredEntry[]): Promise<readonly DesiredEntry[]> {
  const failed = new Set(loaded.conditions.filter(({ status }) => status === 'FAILED').map(({ key }) => key));
  const hopeful = entries.filter(({ key }) => !failed.has(key));
  const inSync = !composition.changed && loaded.ackedEpoch === loaded.epoch && loaded.ackedRevision >= loaded.revision;
  if (!inSync || hopeful.length === 0) return hopeful;
  const unreported = new Set(await findUnreportedObjects(tx, loaded.id, hopeful.map(({ key }) => key)));
  return hopeful.filter(({ key }) => unreported.has(key));
}

function upsertOf(object: KubeObject | undefined, policy: string): Upsert[] {
  return object === undefined ? [] : [{ object, policy }];
}

function kindOf(key: string): string {
  return parseObjectKey(key)?.kind ?? '';
}
