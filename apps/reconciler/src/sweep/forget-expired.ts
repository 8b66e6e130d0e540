import type { RetentionRule } from '@meshfleet/planner';
import { forgetHistory } from '@meshfleet/store';
import type { Forgotten, Store } from '@meshfleet/store';

const PER_TRANSACTION = 1_000;

/** Forgets an organization's expired history, in transactions small enough that nobody waits for them. */
export async function forgetExpired(store: Store, organizationId: string, rule: RetentionRule, now: Date): Promise<Forgotten> {
  let total: Forgotten = { states: 0, bodies: 0, answers: 0, renderings: 0 };
  for (;;) {
    const part = await store.transaction(organizationId, (tx) => forgetHistory(tx, rule, now, PER_TRANSACTION));
    total = { states: total.states + part.states, bodies: total.bodies + part.bodies, answers: total.answers + part.answers, renderings: total.renderings + part.renderings };
    if (Math.max(part.states, part.bodies, part.answers, part.renderings) < PER_TRANSACTION) return total;
  }
}
