import type { Resource } from '@meshfleet/kube';
import { conflictsOf, copyFields, isLeaf, pickFields } from '@meshfleet/kube';
import { contentHash, FIELD_MANAGER, isMetadataKind, type KubeObject } from '@meshfleet/model';
import type { DryRunObject } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { contentMark } from '../apply/ownership.ts';
import { previewReturn } from '../former/preview-return.ts';
import { takenWithoutLeave } from '../former/taken-without-leave.ts';
import { released } from './dry-run-withdrawal.ts';
import type { SayDryRun } from './say-dry-run.ts';

const SHOWN = 100;

/**
 * Says which fields of an object were taken of others, and what giving them up would make of it, as `giveUp` does: what the policy may take, only the hub
 * knows. Undefined where there are none.
 */
export async function tryGivingUp(
  context: ApplyContext,
  { resource, key, object, wanted, live }: { readonly resource: Resource; readonly key: string; readonly object: KubeObject; readonly wanted: KubeObject; readonly live: KubeObject },
  say: SayDryRun,
): Promise<DryRunObject['givenUp']> {
  const former = context.former?.of(key);
  const hash = contentHash(object);
  const fields = takenWithoutLeave(former, { hash, drift: 'REPORT', conflicts: 'REPORT' }, live, wanted);
  if (former === undefined || isLeaf(fields)) return undefined;
  const wasOurs = former.over === contentMark(hash);
  const letsGo = former.over === undefined && !isMetadataKind(resource.group, resource.kind);
  const given = async (base: KubeObject): Promise<KubeObject> => (await previewReturn(context, resource, key, live, wanted)).onto(copyFields(base, former.values, fields) as KubeObject); // an object with other fields
  const again = async (force: boolean): Promise<KubeObject> => context.client.apply(resource, await given(wanted), { fieldManager: FIELD_MANAGER, force, dryRun: true });
  // Beside what is drift again the rest is applied where nothing is in its way.
  const asItWas = (): Promise<KubeObject> => again(false).catch((error: unknown) => (conflictsOf(error).length > 0 ? given(live) : Promise.reject(error as Error)));
  // Of labels and annotations the rest is set all the same.
  const restIsSet = isMetadataKind(resource.group, resource.kind);
  const after = letsGo ? await released(context, resource, live, (await previewReturn(context, resource, key, live)).onto) : wasOurs ? await asItWas() : restIsSet ? await again(true) : await given(live);
  const paths: string[] = [];
  pickFields(fields, (path) => paths.push(path) > 0);
  const bodies = say(key, 'CONFLICT', { reason: '', message: '' }, live, after);
  return { fields: paths.slice(0, SHOWN).map((path) => path.slice(0, 512)), wasOurs, letsGo, live: bodies.live, wouldBe: bodies.wouldBe, truncated: bodies.truncated };
}
