import type { Resource } from '@meshfleet/kube';
import { isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { isMetadataKind, parseObjectKey } from '@meshfleet/model';
import type { Tombstone } from '@meshfleet/protocol';
import type { ApplyContext } from './apply-entry.ts';
import type { Failed } from './outcome.ts';
import { ownershipOf } from './ownership.ts';

/** What a tombstone means for the object that is there. */
export type Verdict =
  | { readonly kind: 'absent' | 'not-ours' | 'deleted' }
  /** It was there before us, or is only labelled: it is given back. */
  | { readonly kind: 'release' | 'delete'; readonly resource: Resource; readonly live: KubeObject };

/**
 * An object goes only when it is marked as managed by us, for this policy, and created by us; what we adopted is given back; everything else is let be.
 * @throws KubeError when the API server does not say how the object stands
 */
export async function judgeTombstone(context: Pick<ApplyContext, 'client' | 'discovery'>, tombstone: Tombstone): Promise<Verdict> {
  const key = parseObjectKey(tombstone.key);
  const resource = key === undefined ? undefined : context.discovery.preferred(key.group, key.kind);
  // A kind that is no longer served has no objects.
  if (key === undefined || resource === undefined) return { kind: 'absent' };
  const live = await context.client.get(resource, key.namespace, key.name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
  if (live === undefined) return { kind: 'absent' };
  const own = ownershipOf(live);
  if (!own.managed || own.policyId !== tombstone.policyId || own.origin === undefined) return { kind: 'not-ours' };
  // What is only ever labelled is never deleted, whatever its marks say.
  if (own.origin === 'adopted' || isMetadataKind(key.group, key.kind)) return { kind: 'release', resource, live };
  return live.metadata.deletionTimestamp === undefined ? { kind: 'delete', resource, live } : { kind: 'deleted' };
}

/** How many deletions need no person: a tenth of what we own, but always five. */
const deletionAllowance = (owned: number): number => Math.max(5, Math.floor(owned / 10));

/**
 * Why so many deletions wait for a person, all of them; undefined when they need not.
 * @param listed objects that the desired state still lists
 */
export function guardDeletions(count: number, { listed, approvedDeletions }: { readonly listed: number; readonly approvedDeletions: number }): Failed | undefined {
  const allowance = deletionAllowance(listed + count);
  if (count <= allowance || approvedDeletions >= count) return undefined;
  return {
    kind: 'failed',
    reason: 'DeletionGuard',
    message: `${String(count)} objects would be deleted at once; without approval ${String(allowance)} may be. Approve the deletions for this cluster, or bring the policy back.`,
    transient: false,
  };
}
