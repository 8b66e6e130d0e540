import type { FieldSet, Resource } from '@meshfleet/kube';
import { appliedFields, childOf, commonFields, copyFields, fieldsAbsentIn, fieldsDiffering, isLeaf, joinFields, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { ownershipOf } from '../apply/ownership.ts';
import { handBack, heldAlone, heldBy, heldByOthers, isUntakeable, type FormerValues } from './hand-back.ts';

/**
 * Before fields are taken of an object that is there: keeps what stands in them, so that it can be given back. What the API server would track as ours
 * is asked of it by a dry run, and only where something would be written over. False when there is no room for it: then it will not be given back.
 */
export async function rememberFormer(context: ApplyContext, resource: Resource, key: string, live: KubeObject, wanted: KubeObject, force: boolean): Promise<boolean> {
  const { former, client } = context;
  const uid = live.metadata.uid ?? '';
  if (former === undefined || !overwrites(wanted, live)) return true;
  const would = await client.apply(resource, wanted, { fieldManager: FIELD_MANAGER, force, dryRun: true });
  const known = former.of(key);
  // A record of what is not marked as ours was made by an attempt that came to nothing.
  const own = ownershipOf(live);
  const recorded = known?.uid === uid && own.managed ? known : undefined;
  const taken = subtractFields(subtractFields(withoutMarks(appliedFields(would.metadata.managedFields, FIELD_MANAGER) ?? {}), heldAlone(live)), recorded?.fields);
  if (isLeaf(taken)) return true;
  const values = (copyFields(recorded?.values ?? {}, live, taken) ?? {}) as { readonly [field: string]: unknown }; // objects are records
  const over = recorded === undefined || isLeaf(recorded.fields) ? (own.managed ? own.content : undefined) : recorded.over;
  const beneath = known?.uid === uid && known.beneath !== undefined ? { beneath: known.beneath } : {};
  return former.remember(key, { ...beneath, uid, fields: joinFields(recorded?.fields ?? {}, taken), values, ...(over === undefined ? {} : { over }), theirs: joinFields(recorded?.theirs ?? {}, commonFields(taken, heldByOthers(live))), holders: [...new Set([...(recorded?.holders ?? []), ...holdersOf(live, taken)])] });
}

/**
 * Before a change of taken fields is undone: where it is made by one of those that had them, as when a chart is upgraded, it is what is given back from now on. Of
 * anybody else it is not.
 */
export async function rememberNewer({ former }: ApplyContext, key: string, live: KubeObject, wanted: KubeObject): Promise<void> {
  const known = former?.of(key);
  if (former === undefined || known?.holders === undefined || known.uid !== live.metadata.uid) return;
  const { holders } = known;
  const newer = fieldsDiffering(commonFields(known.fields, heldBy(live, (manager) => holders.includes(manager ?? ''))), live, wanted);
  if (isLeaf(newer)) return;
  await former.remember(key, { ...known, values: (copyFields(known.values, live, newer) ?? {}) as FormerValues['values'] }); // objects are records
}

function holdersOf(live: KubeObject, taken: FieldSet): string[] {
  const managers = new Set((live.metadata.managedFields ?? []).flatMap(({ manager }) => (manager === undefined || manager === FIELD_MANAGER || manager === LEFT_BEHIND_MANAGER ? [] : [manager])));
  return [...managers].filter((name) => !isLeaf(commonFields(taken, heldBy(live, (manager) => manager === name))));
}

/** Gives back the fields that the policy has come to say nothing of. Resolves to the object as it is then. */
export async function returnDropped(context: ApplyContext, resource: Resource, key: string, live: KubeObject, wanted: KubeObject): Promise<KubeObject> {
  const former = context.former?.of(key);
  if (former === undefined || former.uid !== live.metadata.uid) return live;
  return returnFields(context, resource, key, live, fieldsAbsentIn(former.fields, wanted));
}

/** Gives back these of the fields that were taken. Resolves to the object as it is then. */
export async function returnFields(context: ApplyContext, resource: Resource, key: string, live: KubeObject, fields: FieldSet): Promise<KubeObject> {
  const former = context.former?.of(key);
  if (former === undefined || isLeaf(fields)) return live;
  const after = await give(context, resource, live, handBack(live, former, fields));
  await context.former?.remember(key, { ...former, fields: subtractFields(former.fields, fields) });
  return after;
}

/** Gives everything back that was there before us. */
export async function returnAll(context: ApplyContext, resource: Resource, key: string, live: KubeObject): Promise<KubeObject> {
  const former = context.former?.of(key);
  return former === undefined ? live : await give(context, resource, live, handBack(live, former));
}

/** What cannot be given back, because the API server would not take it any longer, is not. */
async function give({ client }: ApplyContext, resource: Resource, live: KubeObject, given: KubeObject | undefined): Promise<KubeObject> {
  if (given === undefined) return live;
  try {
    return await client.apply(resource, given, { fieldManager: LEFT_BEHIND_MANAGER, force: true });
  } catch (error) {
    if (isUntakeable(error)) return live;
    throw error;
  }
}

const MARK = /^f:meshfleet\.io\//;

/** Marks are ours whatever was there. */
function withoutMarks(set: FieldSet): FieldSet {
  const { 'f:metadata': _metadata, ...rest } = set;
  const metadata = Object.entries(childOf(set, 'f:metadata') ?? {}).flatMap(([name, fields]) => {
    const kept = Object.entries(fields as FieldSet).filter(([field]) => field !== '.' && !MARK.test(field)); // FieldsV1 nests objects only
    return kept.length === 0 ? [] : [[name, Object.fromEntries(kept)] as const];
  });
  return metadata.length === 0 ? rest : { ...rest, 'f:metadata': Object.fromEntries(metadata) };
}

/** Whether an apply would write over something: a value that is there and is another. */
function overwrites(wanted: KubeObject, live: KubeObject): boolean {
  const { metadata: _w, status: _ws, ...mine } = wanted;
  const { metadata: _l, status: _ls, ...theirs } = live;
  return differs(mine, theirs) || differs(unmarked(wanted.metadata.labels), live.metadata.labels) || differs(unmarked(wanted.metadata.annotations), live.metadata.annotations);
}

const unmarked = (entries: Record<string, string> | undefined): Record<string, string> => Object.fromEntries(Object.entries(entries ?? {}).filter(([name]) => !name.startsWith('meshfleet.io/')));

function differs(wanted: unknown, live: unknown): boolean {
  if (live === undefined || wanted === undefined || wanted === null) return false;
  if (typeof wanted !== 'object' || typeof live !== 'object' || live === null) return wanted !== live;
  if (Array.isArray(wanted) || Array.isArray(live)) return JSON.stringify(wanted) !== JSON.stringify(live);
  const there = live as { readonly [field: string]: unknown }; // both are maps
  return Object.entries(wanted).some(([field, value]) => differs(value, there[field]));
}
