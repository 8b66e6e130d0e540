import type { Resource } from '@meshfleet/kube';
import { KubeError } from '@meshfleet/kube';
import { FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { returnAll } from '../former/take-over.ts';
import type { ApplyContext } from './apply-entry.ts';

/**
 * Gives back what was there before us, and then our fields by applying none: what only we set is gone, what others set as well stays. The uid keeps an object that vanished meanwhile from
 * being created empty. An object that cannot be without a field that only we hold (taken by FORCE, say) keeps the values, in another manager's name.
 * Resolves to the object as it is then.
 */
export async function release(context: ApplyContext, key: string, resource: Resource, held: KubeObject): Promise<KubeObject> {
  const live = await returnAll(context, resource, key, held);
  const { name, namespace, uid } = live.metadata;
  const metadata = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  const applyNone = () => context.client.apply(resource, { apiVersion: live.apiVersion, kind: live.kind, metadata }, { fieldManager: FIELD_MANAGER, force: true });
  try {
    return await applyNone();
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 422) throw error;
    const { status: _status, metadata: _metadata, ...values } = live;
    // Not by force: the same values can be shared.
    await context.client.apply(resource, { ...values, apiVersion: live.apiVersion, kind: live.kind, metadata }, { fieldManager: LEFT_BEHIND_MANAGER });
    return await applyNone();
  }
}
