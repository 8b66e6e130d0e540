import type { FieldSet, Resource } from '@meshfleet/kube';
import { copyFields, fieldsAbsentIn, fieldsDiffering, isLeaf, pickFields, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER, type KubeObject } from '@meshfleet/model';
import type { DryRunObject } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import type { Foreseen } from '../apply/key-memory.ts';
import { takenFromUs } from '../apply/taken-from-us.ts';
import { fieldsComingBack, isUntakeable } from '../former/hand-back.ts';
import { previewReturn } from '../former/preview-return.ts';
import { ownAgain } from '../former/stood-beneath.ts';
import { released } from './dry-run-withdrawal.ts';
import type { SayDryRun } from './say-dry-run.ts';

interface Tried {
  readonly resource: Resource;
  readonly key: string;
  /** What is applied when the object is back, and the hash of its content. */
  readonly wanted: KubeObject;
  readonly hash: string;
  readonly live: KubeObject;
}

/** Says what `returnBeneath` would make of an object, where something is kept of it, and what is in the way then. For which entry it is, only the hub can tell. */
export async function tryBeneath(context: ApplyContext, { resource, key, wanted, hash, live }: Tried, { contested }: Pick<Foreseen, 'contested'>, say: SayDryRun): Promise<Pick<DryRunObject, 'beneath'>> {
  const former = context.former?.of(key);
  if (former?.beneath === undefined || former.uid !== live.metadata.uid) return {};
  const { under, own, record } = former.beneath;
  const returned = own === undefined ? await previewReturn(context, resource, key, live) : undefined;
  const back = returned?.back ?? fieldsComingBack(live, former, subtractFields(former.fields, record?.fields)).back;
  const again = async (kept: NonNullable<typeof own>): Promise<KubeObject> => {
    const object = ownAgain(live, kept);
    // Tried as ours, what comes back is in nobody's way.
    return context.client.apply(resource, isLeaf(back) ? object : (copyFields(object, former.values, back) as KubeObject), { fieldManager: FIELD_MANAGER, force: true, dryRun: true }); // an object with fields more
  };
  const after = own === undefined ? await released(context, resource, live, returned?.onto ?? ((object) => object)) : await again(own);
  const conflicts = inTheWay(wanted, after, [...holdersOf(live), { manager: LEFT_BEHIND_MANAGER, fields: back }]);
  const wereOurs = takenFromUs(conflicts.map(({ field }) => field), { managed: own !== undefined, record, uid: live.metadata.uid, hash }, { previous: own as KubeObject | undefined, contested }); // its fields
  // Whoever is in the way, it may be that the policy takes all of that; what comes back and it says nothing of stays.
  const more = fieldsAbsentIn(back, wanted);
  const taken = isLeaf(more) ? wanted : (copyFields(wanted, former.values, more) as KubeObject); // an object with fields more
  const applied = await context.client.apply(resource, taken, { fieldManager: FIELD_MANAGER, force: true, dryRun: true }).catch((error: unknown) => (isUntakeable(error) ? undefined : Promise.reject(error as Error)));
  return { beneath: { under, conflicts, wereOurs: [...wereOurs], ...bodiesOf(say(key, ...NOTHING, live, after)), ...(applied === undefined ? {} : { applied: bodiesOf(say(key, ...NOTHING, live, applied)) }) } };
}

const NOTHING = ['UNCHANGED', { reason: '', message: '' }] as const;
const bodiesOf = ({ live, wouldBe, truncated }: DryRunObject) => ({ live, wouldBe, truncated });

interface Holder {
  readonly manager: string;
  readonly fields: FieldSet;
}

const holdersOf = (live: KubeObject): Holder[] =>
  (live.metadata.managedFields ?? [])
    .filter(({ manager, operation, subresource }) => !(manager === FIELD_MANAGER && operation === 'Apply') && (subresource ?? '') === '')
    .map(({ manager, fieldsV1 }) => ({ manager: manager ?? 'an unknown manager', fields: fieldsV1 ?? {} }));

const SHOWN = 100;

/** Fields that the object sets otherwise than their holders do, as the API server would name them. */
function inTheWay(wanted: KubeObject, there: KubeObject, holders: readonly Holder[]): DryRunObject['conflicts'] {
  const found = new Map<string, { manager: string; field: string }>();
  for (const { manager, fields } of holders) {
    const set = fieldsDiffering(subtractFields(fields, fieldsAbsentIn(fields, wanted)), wanted, there);
    pickFields(set, (path) => found.set(`${manager} ${path}`, { manager: manager.slice(0, 256), field: path.slice(0, 512) }).size > 0);
  }
  return [...found.values()].slice(0, SHOWN);
}
