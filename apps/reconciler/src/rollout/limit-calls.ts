import { leaveWebhookSlot, takeWebhookSlot } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import { randomUUID } from 'node:crypto';
import type { CallWebhook } from './run-rollout.ts';

/** At most so many calls of an organization at a time, over all reconcilers: its slow webhooks take no other's turn. */
export function limitCalls(store: Store, callWebhook: CallWebhook, most: number): CallWebhook {
  return async (call) => {
    const { organizationId, wave, attempt } = call;
    const holder = randomUUID();
    const taken = await store.transaction(organizationId, (tx) => takeWebhookSlot(tx, holder, most));
    if (!taken) return { wave, attempt, answer: 'NOT_CALLED', evidence: `not called yet: ${most} webhooks of the organization have not answered` };
    try {
      return await callWebhook(call);
    } finally {
      // What cannot be left is free again after a while: the answer counts more.
      await store.transaction(organizationId, (tx) => Promise.resolve(leaveWebhookSlot(tx, holder))).catch(() => undefined);
    }
  };
}
