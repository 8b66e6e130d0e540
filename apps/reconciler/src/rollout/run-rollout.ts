import { MeshfleetError } from '@meshfleet/model';
import type { RolloutStatus, WebhookAnswer } from '@meshfleet/planner';
import { stepRollout } from '@meshfleet/store';
import type { RolloutCall, SteppedRollout, Store } from '@meshfleet/store';
import { compileDue } from '../compile/compile-due.ts';
import { rolloutAnalysis } from './rollout-analysis.ts';

export interface RolloutChanges {
  readonly organizationId: string;
  readonly rolloutIds: readonly string[];
}

/** A call of a rollout's webhook, outside of any transaction. It always answers: what goes wrong is a WAIT that says so. */
export type CallWebhook = (call: WebhookCall) => Promise<WebhookAnswer>;

export interface WebhookCall extends RolloutCall {
  readonly organizationId: string;
  readonly rolloutId: string;
}

export interface RolloutParts {
  readonly store: Store;
  /** Undefined: the answer does not come now, but with another run. */
  readonly callWebhook: (call: WebhookCall) => Promise<WebhookAnswer | undefined>;
  readonly now: () => Date;
  readonly onEnded?: (rolloutId: string, status: RolloutStatus) => void;
}

const MOST_ATTEMPTS = 5;

/**
 * Moves a rollout until it waits for something, compiling what each step has assigned: a version that changes nothing in a
 * cluster is there as soon as it is compiled, and nobody reports it. `answer` is that to a call of an earlier run. Returns when to look again though nothing is heard.
 */
export async function runRollout(parts: RolloutParts, organizationId: string, rolloutId: string, answer?: WebhookAnswer): Promise<Date | null> {
  let webhook = answer;
  // What an earlier run has assigned and did not live to compile.
  await compileDue(parts.store, organizationId);
  for (;;) {
    const step = await whileStale(parts, organizationId, rolloutId, webhook);
    webhook = undefined;
    if (step.ended !== null) parts.onEnded?.(rolloutId, step.ended);
    if (step.assigned) await compileDue(parts.store, organizationId);
    const [call] = step.calls;
    if (call !== undefined) webhook = await parts.callWebhook({ organizationId, rolloutId, ...call });
    if (!step.moved && webhook === undefined) return step.wakeAt;
  }
}

async function whileStale({ store, now }: RolloutParts, organizationId: string, rolloutId: string, webhook: WebhookAnswer | undefined): Promise<SteppedRollout> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await store.transaction(organizationId, (tx) => stepRollout(tx, rolloutId, now(), { analysis: rolloutAnalysis, ...(webhook === undefined ? {} : { webhook }) }));
    } catch (error) {
      const stale = error instanceof MeshfleetError && error.code === 'STATE_STALE';
      if (!stale || tried >= MOST_ATTEMPTS) throw error;
    }
  }
}
