import { MeshfleetError } from '@meshfleet/model';
import type { RolloutStatus, WebhookAnswer } from '@meshfleet/planner';
import { stepRollout } from '@meshfleet/store';
import type { ClusterLook, RolloutCall, StepInput, SteppedRollout, Store } from '@meshfleet/store';
import { compileDue } from '../compile/compile-due.ts';
import { createLook, type LookAtClusters } from './look-at-clusters.ts';

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
  /** For the findings gate; those that share a process share one. */
  readonly look?: LookAtClusters;
  readonly onEnded?: (rolloutId: string, status: RolloutStatus) => void;
}

const MOST_ATTEMPTS = 5;

/**
 * Moves a rollout until it waits for something, compiling what each step has assigned: a version that changes nothing in a
 * cluster is there as soon as it is compiled, and nobody reports it. `answer` is that to a call of an earlier run. Returns when to look again though nothing is heard.
 */
export async function runRollout(parts: RolloutParts, organizationId: string, rolloutId: string, answer?: WebhookAnswer): Promise<Date | null> {
  let webhook = answer;
  const look = parts.look ?? createLook(parts);
  const looks = new Map<string, ClusterLook>();
  // What an earlier run has assigned and did not live to compile.
  await compileDue(parts.store, organizationId);
  for (;;) {
    const step = await whileStale(parts, organizationId, rolloutId, { looks, ...(webhook === undefined ? {} : { webhook }) });
    if (step.unseen.length > 0) {
      for (const [id, seen] of await look(organizationId, step.unseen, parts.now())) looks.set(id, seen);
      continue;
    }
    // What comes after is looked at anew.
    looks.clear();
    webhook = undefined;
    if (step.ended !== null) parts.onEnded?.(rolloutId, step.ended);
    const { withdrawal } = step;
    if (step.assigned) await compileDue(parts.store, organizationId, withdrawal === null ? {} : { actor: withdrawal.actor, policyIds: new Set([withdrawal.policyId]) });
    const [call] = step.calls;
    if (call !== undefined) webhook = await parts.callWebhook({ organizationId, rolloutId, ...call });
    if (!step.moved && webhook === undefined) return step.wakeAt;
  }
}

async function whileStale({ store, now }: RolloutParts, organizationId: string, rolloutId: string, given: StepInput): Promise<SteppedRollout> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await store.transaction(organizationId, (tx) => stepRollout(tx, rolloutId, now(), given));
    } catch (error) {
      const stale = error instanceof MeshfleetError && error.code === 'STATE_STALE';
      if (!stale || tried >= MOST_ATTEMPTS) throw error;
    }
  }
}
