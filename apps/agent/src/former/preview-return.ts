import type { FieldSet, Resource } from '@meshfleet/kube';
import { copyFields, fieldPaths, fieldsAbsentIn, isLeaf, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { fieldsComingBack, handBack, isUntakeable } from './hand-back.ts';

/** What of an object's former values would come back. */
export interface PreviewedReturn {
  /** There are values that somebody had before us. */
  readonly known: boolean;
  readonly back: FieldSet;
  /** With the managers that hold them now. */
  readonly changedSince: FieldSet;
  /** Why the API server would not take them back. */
  readonly refused: string | undefined;
  /** The object when they have come back; absent where none do. */
  readonly after?: KubeObject;
  /** An object with the values that come back; what somebody else says of other fields stays out of it. */
  onto(object: KubeObject): KubeObject;
}

const NOTHING: PreviewedReturn = { known: false, back: {}, changedSince: {}, refused: undefined, onto: (object) => object };

/**
 * Says what `returnDropped` or, without `wanted`, `returnAll` would do, and asks the API server by a dry run whether it takes it.
 * @param wanted what is applied next: the fields of which it says nothing come back
 * @throws KubeError when the API server fails otherwise
 */
export async function previewReturn({ client, former }: Pick<ApplyContext, 'client' | 'former'>, resource: Resource, key: string, live: KubeObject, wanted?: KubeObject): Promise<PreviewedReturn> {
  const record = former?.of(key);
  if (record === undefined || record.uid !== live.metadata.uid) return NOTHING;
  const within = wanted === undefined ? undefined : fieldsAbsentIn(record.fields, wanted);
  const { back, changedSince } = fieldsComingBack(live, record, within);
  const given = handBack(live, record, within);
  const none = { known: true, back: {}, changedSince, refused: undefined, onto: NOTHING.onto };
  if (given === undefined) return none;
  let after: KubeObject;
  try {
    after = await client.apply(resource, given, { fieldManager: LEFT_BEHIND_MANAGER, force: true, dryRun: true });
  } catch (error) {
    if (isUntakeable(error)) return { ...none, refused: error.summary };
    throw error;
  }
  return { known: true, back, changedSince, refused: undefined, after, onto: (object) => copyFields(object, record.values, back) as KubeObject }; // an object with fields more
}

/** What is to be told of it; empty when there is nothing. */
export function tellReturn(live: KubeObject, { back, changedSince, refused }: PreviewedReturn): string {
  const said: string[] = [];
  if (!isLeaf(back)) said.push(`${listed(back)} ${many(back) ? 'are' : 'is'} given back as ${many(back) ? 'they were' : 'it was'}.`);
  if (!isLeaf(changedSince)) said.push(`${listed(changedSince)} ${many(changedSince) ? 'were' : 'was'} changed or claimed since by ${holdersOf(live, changedSince)}, and ${many(changedSince) ? 'stay' : 'stays'}.`);
  if (refused !== undefined) said.push(`What stood there before is not given back, for the API server does not take it: ${refused}`);
  return said.join(' ');
}

const SHOWN = 5;
const many = (set: FieldSet): boolean => fieldPaths(set, 2).length > 1;

function listed(set: FieldSet): string {
  const paths = fieldPaths(set, SHOWN + 1);
  return paths.length > SHOWN ? `${paths.slice(0, SHOWN).join(', ')} and others` : paths.join(', ');
}

function holdersOf(live: KubeObject, set: FieldSet): string {
  const holders = (live.metadata.managedFields ?? [])
    .filter(({ manager, fieldsV1, subresource }) => manager !== FIELD_MANAGER && (subresource ?? '') === '' && fieldPaths(subtractFields(set, fieldsV1), 1_000).length < fieldPaths(set, 1_000).length)
    .map(({ manager }) => manager ?? 'an unknown manager');
  return holders.length === 0 ? 'somebody' : [...new Set(holders)].join(', ');
}
