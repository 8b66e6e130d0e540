import type { Resource } from '@meshfleet/kube';
import { isConflict, isNotFound, KubeError } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import type { Tombstone } from '@meshfleet/protocol';
import { compareApplyOrder } from '@meshfleet/protocol';
import type { ApplyContext } from './apply-entry.ts';
import { explainFailure } from './explain-failure.ts';
import { guardDeletions, judgeTombstone } from './judge-tombstone.ts';
import type { Failed } from './outcome.ts';
import { release } from './release.ts';

/** What became of one tombstone. */
export type Withdrawal =
  | { readonly tombstone: Tombstone; readonly kind: 'deleted' | 'released' | 'absent' | 'not-ours' }
  | { readonly tombstone: Tombstone; readonly kind: 'failed'; readonly failure: Failed };

export interface WithdrawOptions {
  readonly tombstones: readonly Tombstone[];
  /** Objects that the desired state still lists. */
  readonly listed: number;
  readonly approvedDeletions: number;
  readonly signal: AbortSignal;
}

interface Candidate {
  readonly tombstone: Tombstone;
  readonly resource: Resource;
  readonly live: KubeObject;
}

/**
 * Carries out tombstones, the only thing that makes an agent delete, as `judgeTombstone` has it. More deletions than the guard allows are all held until
 * a person approves. Never rejects.
 */
export async function withdraw(context: ApplyContext, options: WithdrawOptions): Promise<Withdrawal[]> {
  const results: Withdrawal[] = [];
  const candidates: Candidate[] = [];
  // What needs others goes before what it needs.
  const order = [...options.tombstones].sort((a, b) => compareApplyOrder(b.key, a.key));
  for (const tombstone of order) {
    if (options.signal.aborted) return results;
    const looked = await look(context, tombstone);
    if ('live' in looked) candidates.push(looked);
    else results.push(looked);
  }
  const guard = guardDeletions(candidates.length, options);
  if (guard !== undefined) {
    const held = candidates.map(({ tombstone }): Withdrawal => ({ tombstone, kind: 'failed', failure: guard }));
    await forget(context, [...results, ...held]);
    return [...results, ...held];
  }
  for (const candidate of candidates) {
    if (options.signal.aborted) return results;
    results.push(await remove(context, candidate));
  }
  await forget(context, results);
  return results;
}

/**
 * What is settled leaves nothing to be given back. Should that not be stored, the record is of an object that is not ours, and has no effect. An object may be
 * withdrawn for several policies, in the name of one of which it was applied: it is settled when all are.
 */
async function forget(context: ApplyContext, withdrawals: readonly Withdrawal[]): Promise<void> {
  for (const [key, of] of Map.groupBy(withdrawals, ({ tombstone }) => tombstone.key)) {
    if (of.every(({ kind }) => kind !== 'failed')) await context.former?.forget(key).catch(() => undefined);
  }
}

async function look(context: ApplyContext, tombstone: Tombstone): Promise<Candidate | Withdrawal> {
  try {
    const verdict = await judgeTombstone(context, tombstone);
    if (verdict.kind === 'release') {
      await release(context, tombstone.key, verdict.resource, verdict.live);
      return { tombstone, kind: 'released' };
    }
    return verdict.kind === 'delete' ? { tombstone, resource: verdict.resource, live: verdict.live } : { tombstone, kind: verdict.kind };
  } catch (error) {
    return isNotFound(error) ? { tombstone, kind: 'absent' } : { tombstone, kind: 'failed', failure: explainFailure(error) };
  }
}

async function remove(context: ApplyContext, { tombstone, resource, live }: Candidate): Promise<Withdrawal> {
  const { namespace, name, uid, resourceVersion } = live.metadata;
  try {
    // Both preconditions: neither another object of that name, nor one whose marks changed since we looked, may go.
    await context.client.delete(resource, namespace ?? '', name ?? '', { uid: uid ?? '', ...(resourceVersion === undefined ? {} : { resourceVersion }) });
    return { tombstone, kind: 'deleted' };
  } catch (error) {
    if (isNotFound(error)) return { tombstone, kind: 'absent' };
    const failure = explainFailure(error);
    return { tombstone, kind: 'failed', failure: isConflict(error) && error instanceof KubeError ? { ...failure, reason: 'WriteConflict', transient: true } : failure };
  }
}
