import type { Resource } from '@meshfleet/kube';
import { appliedFields, copyFields, fieldsDiffering, isLeaf, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { digestOfEntry, type DesiredEntry } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { contentMark, ownershipOf } from '../apply/ownership.ts';
import { release } from '../apply/release.ts';
import { heldBy, type FormerValues, type StoodBeneath } from './hand-back.ts';
import { returnFields } from './take-over.ts';

/**
 * Before another version is applied over an object: keeps it as it stands, should the version before have been refused. A return to that one, refused
 * again, would otherwise leave what the newer one made of it. Where there is no room for it, it is not kept.
 * @param asked what was asked of the object until now; undefined where that is not known
 */
export async function keepBeneath({ former }: ApplyContext, entry: DesiredEntry, live: KubeObject, asked: DesiredEntry | undefined): Promise<void> {
  const uid = live.metadata.uid ?? '';
  const known = former?.of(entry.key);
  const record = known?.uid === uid ? known : undefined;
  if (former === undefined || asked === undefined) return;
  const { beneath, ...before } = record ?? { uid, fields: {}, values: {} };
  const own = ownershipOf(live);
  if (own.managed && own.policyId === asked.policyId && own.content === contentMark(asked.hash)) {
    if (beneath !== undefined) await keepOrForget(former, entry.key, before);
    return;
  }
  const under = digestOfEntry(asked);
  // Tried more than once, it may have been changed by then.
  if (beneath?.under === under) return;
  const ours = own.managed ? { own: appliedObject(live), ...(record === undefined ? {} : { record: before }) } : {};
  await former.remember(entry.key, { ...before, beneath: { under, ...ours } });
}

/** What is to be put back before this entry is applied; undefined where there is nothing. */
export function beneath(former: FormerValues | undefined, entry: DesiredEntry, live: KubeObject): StoodBeneath | undefined {
  if (former?.beneath === undefined || former.uid !== live.metadata.uid) return undefined;
  return former.beneath.under === digestOfEntry(entry) ? former.beneath : undefined;
}

/** Puts an object back as it stood beneath a version that was refused: what was taken since is given back, and what we had applied is ours again. */
export async function returnBeneath(context: ApplyContext, resource: Resource, key: string, held: KubeObject, { own, record }: StoodBeneath): Promise<void> {
  const { former } = context;
  if (former === undefined) return;
  if (own === undefined) {
    await release(context, key, resource, held);
    await former.forget(key);
    return;
  }
  const live = await returnFields(context, resource, key, held, subtractFields(former.of(key)?.fields ?? {}, record?.fields));
  await context.client.apply(resource, ownAgain(live, own), { fieldManager: FIELD_MANAGER, force: true });
  await keepOrForget(former, key, record);
}

/** What we had applied, as it is applied again: fields that somebody has written since are theirs. */
export function ownAgain(live: KubeObject, own: NonNullable<StoodBeneath['own']>): KubeObject {
  const theirs = fieldsDiffering(heldBy(live, (manager) => manager !== LEFT_BEHIND_MANAGER), own, live);
  const rest = (isLeaf(theirs) ? own : copyFields(own, {}, theirs)) as { readonly metadata?: object }; // parts of an object
  const { name, namespace, uid } = live.metadata;
  return { ...rest, apiVersion: live.apiVersion, kind: live.kind, metadata: { ...rest.metadata, ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) } };
}

/** What we have applied of an object. */
export const appliedObject = (live: KubeObject): NonNullable<StoodBeneath['own']> => copyFields({}, live, appliedFields(live.metadata.managedFields, FIELD_MANAGER) ?? {}) as NonNullable<StoodBeneath['own']>; // parts of an object

const keepOrForget = async (former: NonNullable<ApplyContext['former']>, key: string, record: FormerValues | undefined): Promise<void> => {
  if (record === undefined || isLeaf(record.fields)) await former.forget(key);
  else await former.remember(key, record);
};
