import type { Resource } from '@meshfleet/kube';
import { isLeaf, isNotFound, KubeError } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { FIELD_MANAGER, parseObjectKey } from '@meshfleet/model';
import type { DryRunObject, DryRunRequest, Tombstone } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { explainFailure } from '../apply/explain-failure.ts';
import type { Verdict } from '../apply/judge-tombstone.ts';
import { guardDeletions, judgeTombstone } from '../apply/judge-tombstone.ts';
import { previewReturn, tellReturn } from '../former/preview-return.ts';
import { isManagedKind } from '../observe/watched-kinds.ts';
import type { SayDryRun } from './say-dry-run.ts';

type Judged = { readonly tombstone: Tombstone; readonly verdict: Verdict } | DryRunObject;

/** Says what carrying out these tombstones would do, guard included, by asking the API server. Nothing is stored. */
export async function dryRunWithdrawal(context: ApplyContext, withdrawal: NonNullable<DryRunRequest['withdrawal']>, say: SayDryRun, signal: AbortSignal): Promise<DryRunObject[]> {
  const judged: Judged[] = [];
  for (const tombstone of withdrawal.tombstones) {
    if (signal.aborted) return [];
    judged.push(await judge(context, tombstone, say));
  }
  const guard = guardDeletions(judged.filter((each) => 'verdict' in each && each.verdict.kind === 'delete').length, withdrawal);
  const results: DryRunObject[] = [];
  for (const each of judged) {
    if (signal.aborted) return [];
    if (!('verdict' in each)) results.push(each);
    else if (guard !== undefined && each.verdict.kind === 'delete') results.push(say(each.tombstone.key, 'REFUSED', guard));
    else results.push(await tryVerdict(context, each.tombstone.key, each.verdict, say).catch((error: unknown) => say(each.tombstone.key, 'REFUSED', explainFailure(error))));
  }
  return results;
}

async function judge(context: ApplyContext, tombstone: Tombstone, say: SayDryRun): Promise<Judged> {
  const key = parseObjectKey(tombstone.key);
  // The agent may read its own secrets: what it does not manage is not looked at.
  if (key === undefined || !isManagedKind(key.group, key.kind)) return say(tombstone.key, 'REFUSED', { reason: 'KindNotManaged', message: 'Meshfleet does not manage objects of this kind.' });
  try {
    return { tombstone, verdict: await judgeTombstone(context, tombstone) };
  } catch (error) {
    return say(tombstone.key, 'REFUSED', explainFailure(error));
  }
}

async function tryVerdict(context: ApplyContext, key: string, verdict: Verdict, say: SayDryRun): Promise<DryRunObject> {
  switch (verdict.kind) {
    case 'absent':
      return say(key, 'UNCHANGED', { reason: 'Absent', message: 'There is no such object.' });
    case 'deleted':
      return say(key, 'UNCHANGED', { reason: 'Terminating', message: 'It is being deleted already.' });
    case 'not-ours':
      return say(key, 'KEPT', { reason: 'NotOurs', message: 'It is not marked as managed for this policy, so it is let be.' });
    case 'delete':
      await tryDeletion(context, verdict.resource, verdict.live);
      return say(key, 'REMOVED', NO_MORE, verdict.live, undefined);
    case 'release':
      return tryRelease(context, key, verdict.resource, verdict.live, say);
  }
}

const NO_MORE = { reason: '', message: '' };

async function tryDeletion({ client }: ApplyContext, resource: Resource, live: KubeObject): Promise<void> {
  const { namespace, name, uid } = live.metadata;
  await client.delete(resource, namespace ?? '', name ?? '', { uid: uid ?? '' }, { dryRun: true }).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
}

async function tryRelease(context: ApplyContext, key: string, resource: Resource, live: KubeObject, say: SayDryRun): Promise<DryRunObject> {
  const returned = await previewReturn(context, resource, key, live);
  const after = await released(context, resource, live, returned.onto);
  const told = tellReturn(live, returned);
  const changed = isLeaf(returned.changedSince) ? '' : 'ChangedSince';
  if (!isLeaf(returned.back)) return say(key, 'HANDED_BACK', { reason: changed, message: told }, live, after);
  const reason = changed !== '' ? changed : returned.refused !== undefined ? 'ValuesRefused' : 'NothingKept';
  const nothing = 'It was there before, and stays without what only the policy set. Nothing was kept of what stood there: nothing was written over, or it did not fit.';
  return say(key, 'KEPT', { reason, message: told === '' ? nothing : told }, live, after);
}

/** The object as it is when we let it go. Two applies in one: what comes back stays, and all else that we hold alone goes. Where the object cannot be without that, it stays as well. */
export async function released({ client }: ApplyContext, resource: Resource, live: KubeObject, onto: (object: KubeObject) => KubeObject): Promise<KubeObject> {
  const { name, namespace, uid } = live.metadata;
  const metadata = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  const holdOnly = (object: KubeObject) => client.apply(resource, object, { fieldManager: FIELD_MANAGER, force: true, dryRun: true });
  const { apiVersion, kind } = live;
  try {
    return await holdOnly(onto({ apiVersion, kind, metadata }));
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 422) throw error;
    const { status: _status, metadata: _metadata, ...values } = live;
    return holdOnly(onto({ ...values, apiVersion, kind, metadata }));
  }
}
