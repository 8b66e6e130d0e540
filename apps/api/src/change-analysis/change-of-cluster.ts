import type { AnalysisChanges, Upsert } from '@meshfleet/istio/analysis';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { expiresAtOf } from '@meshfleet/planner';
import { fateOfObject, type ObjectOfCluster } from '../planned-change/fate-of-object.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import { changedBodies, type ClusterPreview } from '../planned-change/preview-clusters.ts';
import type { RequestScope } from '../request/request-scope.ts';

/** What a planned change would write and remove in one cluster. */
export async function changeOfCluster(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<AnalysisChanges> {
  const { loaded, composition } = preview;
  if (!composition.changed) return {};
  const before = new Map(loaded.previous.state.entries.map(({ key, hash }) => [key, hash]));
  const bodies = await changedBodies(scope, plan, preview);
  const upsert = composition.state.entries
    .filter(({ key, hash }) => before.get(key) !== hash)
    .flatMap(({ hash, policyId }) => {
      const object = bodies.get(hash);
      return object === undefined ? [] : [{ object, policy: policyId }];
    });
  const kept = new Set(composition.state.entries.map(({ key }) => key));
  // Of somebody else's object we give fields up; the object stays.
  const gone = loaded.previous.state.entries.filter(({ key, mode }) => mode !== 'METADATA' && !kept.has(key));
  const stays = await Promise.all(gone.map(({ key }) => staysInCluster(scope, { clusterId: loaded.id, key })));
  return { upsert, remove: gone.filter((_, index) => stays[index] !== true).map(({ key }) => key) };
}

/** The same once every object that it writes has come to its end; undefined where none of them ends. */
export async function changeOnceEnded(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<AnalysisChanges | undefined> {
  const { upsert = [], remove = [] } = await changeOfCluster(scope, plan, preview);
  const modes = new Map(preview.composition.state.entries.map(({ key, mode }) => [key, mode]));
  const keyOf = ({ object }: Upsert): string => formatObjectKey(objectKeyOf(object));
  const ending = upsert.filter((each) => expiresAtOf(each.object) != null && modes.get(keyOf(each)) !== 'METADATA');
  const stays = await Promise.all(ending.map((each) => staysInCluster(scope, { clusterId: preview.loaded.id, key: keyOf(each) })));
  const gone = new Set(ending.filter((_, index) => stays[index] !== true));
  return gone.size === 0 ? undefined : { upsert: upsert.filter((each) => !gone.has(each)), remove: [...remove, ...[...gone].map(keyOf)] };
}

/** What it will say when it is given back is known in the cluster alone: it is taken for what it says now. */
async function staysInCluster(scope: RequestScope, object: ObjectOfCluster): Promise<boolean> {
  const fate = await fateOfObject(scope, object);
  return fate === 'HANDED_BACK' || fate === 'KEPT';
}
