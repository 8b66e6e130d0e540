import { raiseEpoch } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import { applyOrganizationResumed } from './events/apply-cluster-changes.ts';

/**
 * To be run once after the database was restored from a backup, before agents connect: every organization gets a higher
 * epoch and OBSERVE mode, so that no agent goes back to what the backup held. Returns the organizations' new epochs.
 */
export async function afterRestore(store: Store): Promise<Map<string, number>> {
  const epochs = new Map<string, number>();
  for (const organizationId of await store.relay.organizationIds()) {
    epochs.set(organizationId, await store.transaction(organizationId, (tx) => raiseEpoch(tx, 'system:reconciler')));
    await applyOrganizationResumed(store, organizationId);
  }
  return epochs;
}
