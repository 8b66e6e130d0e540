import type { CallWebhook } from './run-rollout.ts';

/** At most so many calls of an organization at a time, in this process: its slow webhooks take no other's turn. */
export function limitCalls(callWebhook: CallWebhook, most: number): CallWebhook {
  const underWay = new Map<string, number>();
  return async (call) => {
    const { organizationId, wave, attempt } = call;
    const others = underWay.get(organizationId) ?? 0;
    if (others >= most) return { wave, attempt, answer: 'WAIT', evidence: `not called yet: ${most} webhooks of the organization have not answered` };
    underWay.set(organizationId, others + 1);
    try {
      return await callWebhook(call);
    } finally {
      const left = (underWay.get(organizationId) ?? 1) - 1;
      if (left === 0) underWay.delete(organizationId);
      else underWay.set(organizationId, left);
    }
  };
}
