import type { Jobs } from '@meshfleet/jobs';
import type { RetentionRule } from '@meshfleet/planner';
import { timeToNextExpiry } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import type { Logger, Metrics } from '@meshfleet/telemetry';
import { applyClusterChanges, applyOrganizationResumed } from './events/apply-cluster-changes.ts';
import type { ClusterChanges } from './events/apply-cluster-changes.ts';
import { applyPolicyChanges } from './events/apply-policy-changes.ts';
import type { PolicyChanges } from './events/apply-policy-changes.ts';
import { observeReconciler } from './observe-reconciler.ts';
import type { MaintenanceTask, ReconcilerJob } from './relay/outbox-events.ts';
import { createOutboxRelay } from './relay/relay-outbox.ts';
import { forgetExpired } from './sweep/forget-expired.ts';
import { createLook } from './rollout/look-at-clusters.ts';
import { limitCalls } from './rollout/limit-calls.ts';
import { runRollout } from './rollout/run-rollout.ts';
import type { CallWebhook, RolloutChanges, RolloutParts, WebhookCall } from './rollout/run-rollout.ts';
import { sweepOrganization } from './sweep/sweep-organization.ts';
import { sweepRollouts } from './sweep/sweep-rollouts.ts';

export interface Reconciler {
  /** Works until it is stopped. */
  start(): Promise<void>;
  /** Does all that is due, then resolves with how many rows, jobs and revisions that was. */
  drain(): Promise<{ rows: number; jobs: number; revised: number }>;
  /** Takes nothing new, ends what is under way. Does not close the store and the jobs. */
  stop(): Promise<void>;
}

export interface ReconcilerOptions {
  readonly store: Store;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly retention: RetentionRule;
  readonly concurrency?: number;
  readonly callWebhook: CallWebhook;
  readonly now?: () => Date;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Calls of webhooks at a time: they wait for others, and cost next to nothing. */
const MOST_CALLS = 32;
const MOST_CALLS_OF_ORGANIZATION = 2;

/** Puts relay, queues and handlers together. Decides nothing. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { store, jobs, logger, retention } = options;
  const now = options.now ?? (() => new Date());
  const concurrency = options.concurrency ?? 2;
  const seen = observeReconciler(options.metrics);
  const rollouts: RolloutParts = {
    store,
    callWebhook: enqueueCall,
    now,
    look: createLook({ store, onBroken: (clusterId, error) => logger.error({ clusterId, err: error }, 'a cluster could not be analysed') }),
    onEnded: (rolloutId, status) => {
      seen.rolloutEnded(status);
      logger[status === 'ROLLED_BACK' ? 'warn' : 'info']({ rolloutId, status }, 'a rollout has ended');
    },
  };
  const callWebhook = limitCalls(store, options.callWebhook, MOST_CALLS_OF_ORGANIZATION);
  let timer: NodeJS.Timeout | undefined;

  async function hand(list: readonly ReconcilerJob[]): Promise<void> {
    await Promise.all(
      [...Map.groupBy(list, (job) => job.queue)].map(([queue, theirs]) =>
        jobs.queue(queue).addAll(theirs.map(({ jobId, data }) => ({ jobId, data }))),
      ),
    );
  }

  const relay = createOutboxRelay({
    store,
    hand,
    onHanded: (rows) => seen.handed(rows, now()),
    onUnreadable: (rows) => logger.error({ ids: rows.map((row) => row.id), topics: rows.map((row) => row.topic) }, 'outbox rows that nobody can read were dropped; the sweep finds what they were about'),
    onError: (error) => logger.error({ err: error }, 'the outbox could not be handed on; it is tried again'),
  });

  jobs.worker<PolicyChanges>('policy', (run) => seen.job('policy', async () => seen.compiled(await applyPolicyChanges(store, run.data))), { concurrency });
  jobs.worker<ClusterChanges>('cluster', (run) => seen.job('cluster', async () => seen.compiled(await applyClusterChanges(store, run.data))), { concurrency });
  jobs.worker<RolloutChanges>('rollout', (run) => seen.job('rollout', () => runRollouts(run.data)), { concurrency });
  jobs.worker<WebhookCall>('webhook', (run) => seen.job('webhook', () => answerCall(run.data)), { concurrency: MOST_CALLS });
  jobs.worker<MaintenanceTask>('maintenance', (run) => seen.job('maintenance', () => maintain(run.data)));

  async function runRollouts({ organizationId, rolloutIds }: RolloutChanges): Promise<void> {
    for (const rolloutId of rolloutIds) await wakeRollout(organizationId, rolloutId, await runRollout(rollouts, organizationId, rolloutId));
  }

  /** Called in a queue of its own, once per attempt: no step waits for it. The engine takes an answer that stays away for lost. */
  async function enqueueCall(call: WebhookCall): Promise<undefined> {
    await jobs.queue<WebhookCall>('webhook').add(`call-${call.rolloutId}-${call.wave}-${call.attempt}`, call);
  }

  async function answerCall(call: WebhookCall): Promise<void> {
    const { organizationId, rolloutId } = call;
    await wakeRollout(organizationId, rolloutId, await runRollout(rollouts, organizationId, rolloutId, await callWebhook(call)));
  }

  /** Looks again at that time, once for several reconcilers. The sweep finds what this loses. */
  async function wakeRollout(organizationId: string, rolloutId: string, wakeAt: Date | null): Promise<void> {
    if (wakeAt === null) return;
    const data: RolloutChanges = { organizationId, rolloutIds: [rolloutId] };
    await jobs.queue<RolloutChanges>('rollout').add(`wake-${rolloutId}-${wakeAt.getTime()}`, data, Math.max(1, wakeAt.getTime() - now().getTime()));
  }

  async function maintain(task: MaintenanceTask): Promise<void> {
    switch (task.task) {
      case 'RESUMED':
        await applyOrganizationResumed(store, task.organizationId);
        return;
      case 'EXPIRE':
        seen.swept(await sweepOrganization(store, task.organizationId));
        await wakeExpiry(task.organizationId);
        return;
      case 'SWEEP':
        await sweepAll();
        return;
      case 'FORGET':
        await forgetAll();
        return;
    }
  }

  /** A job may be what a person waits for, and may enqueue more: until a round finds nothing. */
  async function drainJobs(): Promise<{ rows: number; ran: number }> {
    const total = { rows: 0, ran: 0 };
    for (;;) {
      const rows = await relay.drain();
      const ran = await jobs.drain();
      total.rows += rows;
      total.ran += ran;
      if (rows + ran === 0) return total;
    }
  }

  /** One organization that cannot be swept keeps no other from it. */
  async function sweepAll(): Promise<number> {
    let revised = 0;
    await forEachOrganization(async (organizationId) => {
      const found = await sweepOrganization(store, organizationId);
      revised += found.revised;
      await hand(await sweepRollouts(rollouts, organizationId));
      await wakeExpiry(organizationId);
      seen.swept(found);
      if (found.policies + found.clusters + found.revised > 0) logger.info({ organizationId, ...found }, 'the sweep found changes that no event had carried');
    });
    return revised;
  }

  /** What ends before the next sweep is looked at when it does. */
  async function wakeExpiry(organizationId: string): Promise<void> {
    const wait = await store.transaction(organizationId, (tx) => timeToNextExpiry(tx, MINUTE), { readOnly: true });
    if (wait === null) return;
    const at = now().getTime() + wait;
    await jobs.queue<MaintenanceTask>('maintenance').add(`expire-${organizationId}-${Math.ceil(at / 1000)}`, { task: 'EXPIRE', organizationId }, Math.max(1, wait));
  }

  async function forgetAll(): Promise<void> {
    await forEachOrganization(async (organizationId) => {
      const forgotten = await forgetExpired(store, organizationId, retention, now());
      if (Object.values(forgotten).some((count) => count > 0)) logger.info({ organizationId, ...forgotten }, 'forgot expired history');
    });
  }

  async function forEachOrganization(work: (organizationId: string) => Promise<void>): Promise<void> {
    let failure: unknown;
    for (const organizationId of await store.relay.organizationIds()) {
      await work(organizationId).catch((error: unknown) => {
        logger.error({ err: error, organizationId }, 'maintenance of an organization failed');
        failure ??= error;
      });
    }
    if (failure !== undefined) throw failure;
  }

  /** Named by the time they are for, so that of several reconcilers one does each. */
  function plan(): void {
    const time = now().getTime();
    const planned: ReconcilerJob[] = [
      { queue: 'maintenance', jobId: `sweep-${Math.floor(time / MINUTE)}`, data: { task: 'SWEEP' } },
      { queue: 'maintenance', jobId: `forget-${Math.floor(time / HOUR)}`, data: { task: 'FORGET' } },
    ];
    hand(planned).catch((error: unknown) => logger.warn({ err: error }, 'maintenance could not be planned; it is tried again in a minute'));
  }

  return {
    async start() {
      await jobs.start();
      await relay.start();
      timer = setInterval(plan, MINUTE);
      // Whoever was here before may have been killed: what it held is done now, not when its locks have run out.
      await sweepAll().catch(() => undefined); // logged, and planned again
      plan();
    },
    async drain() {
      const first = await drainJobs();
      const revised = await sweepAll();
      // What the sweep has found.
      const second = await drainJobs();
      await forgetAll();
      return { rows: first.rows + second.rows, jobs: first.ran + second.ran, revised };
    },
    async stop() {
      clearInterval(timer);
      await relay.stop();
    },
  };
}
