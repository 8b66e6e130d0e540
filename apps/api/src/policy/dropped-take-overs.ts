import { isMetadataKey, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import type { AssignedObject } from '@meshfleet/planner';
import { coversField } from '@meshfleet/protocol';
import { findAdoptedObjects, findTakingVersions, loadContents, type PlacedCluster, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import { fieldsOf, setsField } from './take-over.ts';
import type { Placed, PlacedIntent } from './warn-of-intent.ts';

interface Dropped {
  readonly key: string;
  /** Undefined: whatever was taken. */
  readonly fields: readonly string[] | undefined;
  readonly clusters: readonly PlacedCluster[];
}

/**
 * Warns of what clusters' versions of the policy take of others, where the next one asks for the object too and may not take it: it is given back, and
 * in the way then. What was taken only the agent knows; of an object that nobody had before the policy, nothing was.
 */
export async function droppedTakeOvers(tx: Tx, intent: Pick<PlacedIntent, 'objects' | 'conflicts'>, { clusters, policyId }: Placed, field: readonly string[]): Promise<ErrorEnvelope[]> {
  if (policyId === undefined || clusters.length === 0 || intent.conflicts === 'FORCE') return [];
  const next = new Map(intent.objects.filter(({ key, conflicts }) => conflicts !== 'FORCE' && !key.includes('${')).map((object) => [object.key, object]));
  const held = await findTakingVersions(tx, clusters, policyId);
  const dropped = held.flatMap((version) => version.objects.flatMap((object): Dropped[] => {
    const taker = next.get(object.key);
    if (taker === undefined) return [];
    if (version.conflicts === 'FORCE' || object.conflicts === 'FORCE') return [{ key: object.key, fields: undefined, clusters: version.clusters }];
    const fields = (object.takeOver ?? []).filter((field) => !coversField(taker.takeOver ?? [], field));
    return fields.length === 0 ? [] : [{ key: object.key, fields, clusters: version.clusters }];
  }));
  const contested = await stillSet(tx, dropped, next);
  const adopted = await inClusters(tx, contested, policyId);
  return adopted.map(({ key, fields, clusters: names }) => warningOf(key, fields, names, next.get(key)?.takeOver, field));
}

/** Without what the next version says nothing of, or takes over as well: that is in nobody's way. */
async function stillSet(tx: Tx, dropped: readonly Dropped[], next: ReadonlyMap<string, PlacedIntent['objects'][number]>): Promise<Dropped[]> {
  const isAsked = ({ key, fields }: Dropped): boolean => fields !== undefined || next.get(key)?.takeOver !== undefined;
  const unread = dropped.filter((each) => isAsked(each) && next.get(each.key)?.body === undefined).flatMap(({ key }) => next.get(key)?.hash ?? []);
  const bodies: ReadonlyMap<string, KubeObject> = unread.length === 0 ? new Map() : await loadContents(tx, unread);
  return dropped.flatMap((each) => {
    const object = next.get(each.key);
    const body = object?.body ?? bodies.get(object?.hash ?? '');
    if (body === undefined) return [each];
    const fields = each.fields?.filter((field) => setsField(body, field));
    const takes = object?.takeOver;
    const nothing = fields === undefined ? takes !== undefined && fieldsOf(body).every((field) => coversField(takes, field)) : fields.length === 0;
    return nothing ? [] : [{ ...each, fields }];
  });
}

/** With the names of the clusters in which somebody else had the object before; of what is only labelled somebody always had. */
async function inClusters(tx: Tx, dropped: readonly Dropped[], policyId: string): Promise<{ readonly key: string; readonly fields: Dropped['fields']; readonly clusters: readonly string[] }[]> {
  const whole = dropped.filter(({ key }) => !isMetadataKey(key));
  const asked = [...new Map(whole.flatMap(({ clusters }) => clusters).map((cluster) => [cluster.id, cluster])).values()];
  const adopted = await findAdoptedObjects(tx, asked, policyId, [...new Set(whole.map(({ key }) => key))].sort());
  const known = new Map(adopted.map(({ key, clusters }) => [key, new Set(clusters)]));
  return dropped.flatMap(({ key, fields, clusters }) => {
    const names = clusters.map(({ name }) => name).filter((name) => isMetadataKey(key) || known.get(key)?.has(name) === true);
    return names.length === 0 ? [] : [{ key, fields, clusters: names }];
  });
}

function warningOf(key: string, fields: Dropped['fields'], clusters: readonly string[], keeps: AssignedObject['takeOver'], field: readonly string[]): ErrorEnvelope {
  const said = fields === undefined ? 'what others have of it' : fields.join(', ');
  const rest = fields === undefined && keeps !== undefined ? `only ${keeps.join(', ')}` : 'not that';
  return {
    code: 'TAKE_OVER_DROPPED',
    summary: `${key}: the version in ${namesOf(clusters)} takes over ${said}, and this one ${rest}`,
    why: 'what it took there is given back, and where both set it differently the object is Conflict then',
    fix: 'See in policyPreview { clusters { nodes { dryRun } } } what that is; to keep it, apply the version with takeOver of these fields.',
    where: { field, object: key, clusters },
  };
}
