import type { Resource } from '@meshfleet/kube';
import { copyFields, isLeaf, subtractFields } from '@meshfleet/kube';
import { FIELD_MANAGER, type KubeObject } from '@meshfleet/model';
import type { DryRunObject } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { fieldsComingBack } from '../former/hand-back.ts';
import { previewReturn } from '../former/preview-return.ts';
import { ownAgain } from '../former/stood-beneath.ts';
import { released } from './dry-run-withdrawal.ts';
import type { SayDryRun } from './say-dry-run.ts';

/** Says what `returnBeneath` would make of an object, where something is kept of it. For which entry it is, only the hub can tell. */
export async function tryBeneath(context: ApplyContext, resource: Resource, key: string, live: KubeObject, say: SayDryRun): Promise<Pick<DryRunObject, 'beneath'>> {
  const former = context.former?.of(key);
  if (former?.beneath === undefined || former.uid !== live.metadata.uid) return {};
  const { under, own, record } = former.beneath;
  const again = async (kept: NonNullable<typeof own>): Promise<KubeObject> => {
    const { back } = fieldsComingBack(live, former, subtractFields(former.fields, record?.fields));
    const object = ownAgain(live, kept);
    // Tried as ours, what comes back is in nobody's way.
    return context.client.apply(resource, isLeaf(back) ? object : (copyFields(object, former.values, back) as KubeObject), { fieldManager: FIELD_MANAGER, force: true, dryRun: true }); // an object with fields more
  };
  const after = own === undefined ? await released(context, resource, live, (await previewReturn(context, resource, key, live)).onto) : await again(own);
  const bodies = say(key, 'UNCHANGED', { reason: '', message: '' }, live, after);
  return { beneath: { under, live: bodies.live, wouldBe: bodies.wouldBe, truncated: bodies.truncated } };
}
