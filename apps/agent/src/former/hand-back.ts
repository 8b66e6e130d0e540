import type { FieldSet } from '@meshfleet/kube';
import { appliedFields, commonFields, copyFields, fieldsAbsentIn, fieldsDiffering, isLeaf, joinFields, KubeError, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';

/** What stood in fields of one object before we took them. */
export interface FormerValues {
  /** Of this very object; another of its name is another. */
  readonly uid: string;
  /** The fields that were looked at when they were taken: of those without a value there was none. */
  readonly fields: FieldSet;
  readonly values: { readonly [field: string]: unknown };
  /** Mark of the content of ours that the object had then; absent where it was none of ours. */
  readonly over?: string | undefined;
  /** Those of the fields that other managers held: to have these takes leave. Absent in records of older agents. */
  readonly theirs?: FieldSet | undefined;
  /** The managers that held those: what one of them writes since is what would stand there without us. Absent in records of older agents. */
  readonly holders?: readonly string[] | undefined;
  /** How the object stood while an entry was refused, before a newer one was applied. */
  readonly beneath?: StoodBeneath | undefined;
}

export interface StoodBeneath {
  /** Digest of the entry that was refused. */
  readonly under: string;
  /** What we had applied, with our marks; absent where it was none of ours. */
  readonly own?: { readonly [field: string]: unknown } | undefined;
  /** What was known of it then. */
  readonly record?: Omit<FormerValues, 'beneath'> | undefined;
}

/**
 * The fields whose former values come back, and those whose former values do not, because somebody has written or claimed them since.
 * @param within of the fields only these
 */
export function fieldsComingBack(live: KubeObject, former: FormerValues, within?: FieldSet): { readonly back: FieldSet; readonly changedSince: FieldSet } {
  if (live.metadata.uid !== former.uid) return { back: {}, changedSince: {} };
  const wanted = within === undefined ? former.fields : commonFields(former.fields, within);
  const had = subtractFields(wanted, fieldsAbsentIn(wanted, former.values));
  const back = commonFields(heldAlone(live), had);
  // What we set as it was before is as it was, whoever holds it.
  return { back, changedSince: fieldsDiffering(subtractFields(had, back), live, former.values) };
}

/**
 * What is applied, by a manager of its own, to give former values back before we let go of the fields. Only of fields that are ours alone by now: who
 * has written one since, or claims it as well, has it. Undefined when there is nothing to be given back.
 * @param within of the fields only these
 */
export function handBack(live: KubeObject, former: FormerValues, within?: FieldSet): KubeObject | undefined {
  const { back: set } = fieldsComingBack(live, former, within);
  if (isLeaf(set)) return undefined;
  // What was given back earlier is applied again: an apply says all that a manager wants.
  const earlier = appliedFields(live.metadata.managedFields, LEFT_BEHIND_MANAGER);
  const base = earlier === undefined ? {} : copyFields({}, live, earlier);
  const given = (copyFields(base, former.values, set) ?? {}) as { readonly metadata?: Pick<KubeObject['metadata'], 'labels' | 'annotations'> }; // parts of an object
  const { name, namespace, uid, resourceVersion } = live.metadata;
  const identity = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  // Nothing is given back into an object that somebody writes at this very moment.
  return { ...given, apiVersion: live.apiVersion, kind: live.kind, metadata: { ...given.metadata, ...identity, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
}

/** The fields that we hold and nobody else does. */
export function heldAlone(live: KubeObject): FieldSet {
  return subtractFields(appliedFields(live.metadata.managedFields, FIELD_MANAGER) ?? {}, heldByOthers(live));
}

/** The fields that others hold. */
export const heldByOthers = (live: KubeObject): FieldSet => heldBy(live, () => true);

/** The fields that those of the others hold. */
export function heldBy(live: KubeObject, whom: (manager: string | undefined) => boolean): FieldSet {
  return (live.metadata.managedFields ?? [])
    .filter(({ manager, operation, subresource }) => !(manager === FIELD_MANAGER && operation === 'Apply') && (subresource ?? '') === '' && whom(manager))
    .reduce<FieldSet>((set, { fieldsV1 }) => joinFields(set, fieldsV1 ?? {}), {});
}

/** Whether the API server does not take former values any longer: then they do not come back, and nothing else waits for them. */
export const isUntakeable = (error: unknown): error is KubeError => error instanceof KubeError && (error.status === 400 || error.status === 422);
