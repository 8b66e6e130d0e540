import { createDiscovery } from '@meshfleet/kube';
import type { KubeClient } from '@meshfleet/kube';
import { parseObjectKey } from '@meshfleet/model';
import { EVIDENCE_HEADER } from '@meshfleet/protocol';
import type { Delivery } from './apply/delivery.ts';
import { createDelivery } from './apply/delivery.ts';
import type { RetrySpans } from './apply/retry-schedule.ts';
import type { Config } from './config.ts';
import { createFormerStore } from './former/former-store.ts';
import type { HubConnection } from './hub/hub-connection.ts';
import type { ListenTiming } from './hub/listen.ts';
import { listen } from './hub/listen.ts';
import { heedHub } from './hub/heed-hub.ts';
import { ensureEnrolled } from './identity/enrol.ts';
import { createEnrolledIdentity } from './identity/enrolled-identity.ts';
import { createIdentityStore, IDENTITY_SECRET } from './identity/identity-store.ts';
import { secretFile } from './identity/secret-file.ts';
import type { Log } from './log.ts';
import { describeError } from './log.ts';
import { collectFacts } from './observe/collect-facts.ts';
import { createKindSchemas } from './observe/kind-schemas.ts';
import { createInventory } from './observe/inventory.ts';
import type { ClusterWatch } from './observe/watch-cluster.ts';
import { watchCluster } from './observe/watch-cluster.ts';
import { createWatchEcho } from './observe/watch-echo.ts';
import type { AgentStatus } from './probes/status.ts';
import { createConditions } from './report/conditions.ts';
import { startReporter } from './report/reporter.ts';
import { sendSchemas } from './report/send-schemas.ts';
import { createSequence } from './report/sequence.ts';
import { fetchState } from './state/fetch-state.ts';
import { cursorOf } from './state/held-state.ts';
import { createStateStore } from './state/state-store.ts';
import { createSync } from './state/sync.ts';
import { dryRun } from './tasks/dry-run.ts';
import { inspect } from './tasks/inspect.ts';
import { createTaskRunner } from './tasks/task-runner.ts';
import { untilItWorks } from './until-it-works.ts';

export const LEASE_NAME = 'meshfleet-agent';

export interface SessionOptions {
  readonly config: Config;
  readonly client: KubeClient;
  readonly hub: HubConnection;
  readonly log: Log;
  readonly status: AgentStatus;
  readonly agentVersion: string;
  /** Once, when the hub has evicted this cluster: nothing is done any longer. */
  onEvicted(): void;
  /** Something went wrong that nobody foresaw: this session does nothing any longer. */
  onBroken(error: unknown): void;
  readonly listenTiming?: Partial<ListenTiming>;
  readonly retrySpans?: RetrySpans | undefined;
}

/** Everything the agent does while it is the one that acts in its cluster. */
export interface Session {
  readonly delivery: Delivery | undefined;
  readonly watch: ClusterWatch | undefined;
  /** The agent's Lease was written at this version: its watch should show it soon. */
  leaseRenewed(resourceVersion: string): void;
  stop(): Promise<void>;
}

const KEY_CHECK_MS = 3_600_000;

export function startSession(options: SessionOptions): Session {
  const { config, client, hub, log, status, agentVersion } = options;
  const stopping = new AbortController();
  const signal = stopping.signal;
  const started: { delivery?: Delivery; watch?: ClusterWatch; finish?: () => Promise<void> } = {};
  const echo = createWatchEcho(() => {
    log.warn({}, 'watches do not show what was written; reopening them');
    started.watch?.reopen();
  });
  const problem = (what: string) => (error: unknown) => log.warn({ what, ...describeError(error) }, 'something failed and is tried again');

  const persist = <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => untilItWorks(what, work, { signal, log });

  async function run(): Promise<void> {
    const identities = createIdentityStore(secretFile(client, config.namespace, IDENTITY_SECRET));
    const identity = await persist('enrolment', () => ensureEnrolled({ store: identities, hub, hubUrl: config.hubUrl, client, joinToken: config.joinToken, clusterName: config.clusterName, agentVersion, now: Date.now }));
    if (identity?.enrolment === undefined) return;
    const { enrolment } = identity;
    if (identity.evicted === true) return waitForToken();
    status.lifecycle = 'enrolled';
    log.info({ cluster: enrolment.clusterName, clusterId: enrolment.clusterId }, 'enrolled');

    const stateStore = createStateStore(client, config.namespace);
    const stored = await persist('reading the stored state', () => stateStore.load());
    const former = createFormerStore(client, config.namespace, problem('reading former values'));
    await persist('reading former values', () => former.load());
    const discovery = createDiscovery(client);
    await persist('discovery', () => discovery.refresh());
    if (stored === undefined || signal.aborted) return;
    let held = stored.held;
    status.epoch = held.epoch;
    status.revision = held.revision;

    const enrolled = createEnrolledIdentity(identities, identity);

    const conditions = createConditions();
    let knowsAll = false;
    const inventory = createInventory({
      now: () => hub.hubSeconds() * 1000,
      onNews: () => reporter.poke(),
      isBehind: () => Iterator.from(delivery.writes()).some(([key, version]) => started.watch?.shows(key, version) !== true),
    });
    const schemas = createKindSchemas(client, discovery);
    const reporter = startReporter({
      onSchemasWanted(digests) {
        sendSchemas(hub, () => enrolled.signer(), schemas, digests, signal).catch((error: unknown) => {
          problem('sending schemas')(error);
          factsCollector.again();
        });
      },
      hub,
      signer: () => enrolled.signer(),
      place: () => held,
      sequence: createSequence({ reserved: identity.seqReserved, hubMs: () => hub.hubSeconds() * 1000, reserve: (upTo) => enrolled.change((current) => ({ ...current, seqReserved: upTo })) }),
      conditions,
      inventory,
      signal,
      onSent: () => (status.reportsSent += 1),
      onProblem(error) {
        heed.error(error);
        problem('report')(error);
      },
    });
    const delivery = createDelivery({
      retrySpans: options.retrySpans,
      client,
      discovery,
      former,
      conditions,
      now: () => new Date(hub.hubSeconds() * 1000),
      onNews: () => reporter.poke(),
      onProcessed(done, open) {
        if (!knowsAll) conditions.markAll();
        knowsAll = true;
        if (done.digest !== undefined) reporter.acknowledge({ epoch: done.epoch, revision: done.revision }, done.digest);
        stateStore.markProcessed(done, open).catch(problem('storing how far it is'));
      },
    });
    started.delivery = delivery;

    let settleKeys: (() => void) | undefined;
    const listening = new AbortController();
    const heed = heedHub({
      status,
      log,
      onDesired: (desired) => sync.announced(desired),
      onApproved: () => reporter.retryNow(),
      onResyncInventory: () => inventory.resync(),
      onTasks: () => tasks.announced(),
      onEvicted() {
        listening.abort();
        delivery.pause(true);
        enrolled.change((current) => ({ ...current, evicted: true })).catch(problem('storing the eviction')).finally(options.onEvicted);
      },
      onKeysRefused() {
        // Two pairs of keys, and this one is not the valid one: the answer to a replacement was lost.
        if (enrolled.keysUnsettled) settleKeys?.();
      },
    });

    const tasks = createTaskRunner({
      hub,
      signer: () => enrolled.signer(),
      work: { DRY_RUN: (request, until) => dryRun({ client, discovery, former, foresee: (key, hash) => delivery.foresee(key, hash) }, request, until), INSPECT: (request) => inspect({ client, discovery }, request) },
      signal: listening.signal,
      onProblem(error) {
        heed.error(error);
        problem('tasks')(error);
      },
    });

    const sync = createSync({
      store: stateStore,
      held: () => held,
      async fetch(before) {
        const by = enrolled.signer();
        if (by === undefined) return { accepted: false, error: { code: 'UNAUTHENTICATED', summary: 'Not enrolled' } };
        return fetchState(hub, by, enrolment.signingKeys, before);
      },
      onAccepted(next, abandoned) {
        held = next;
        status.epoch = next.epoch;
        status.revision = next.revision;
        if (abandoned.length > 0) log.warn({ count: abandoned.length }, 'objects left the desired state without a tombstone: they are let be');
        log.info({ epoch: next.epoch, revision: next.revision, mode: next.mode, objects: next.state.entries.length, tombstones: next.state.tombstones.length }, 'desired state accepted');
        delivery.deliver(next);
      },
      onRefused(error) {
        status.refusedStates += 1;
        log.error({ code: error.code, why: error.why }, 'a desired state was refused; the cluster keeps the one that it has');
      },
      onProblem(error) {
        heed.error(error);
        problem('fetching the desired state')(error);
      },
      signal: listening.signal,
    });

    if (held.digest !== undefined) delivery.deliver(held, stored.processed);
    const factsCollector = collectFacts({ client, discovery, schemas, agentVersion, meshes: () => started.watch?.meshes() ?? [], onFacts: (facts) => reporter.facts(facts), onProblem: problem('reading facts') });
    let kindsTimer: NodeJS.Timeout | undefined;
    let keyTimer: NodeJS.Timeout | undefined;
    const rediscover = async (): Promise<void> => {
      await discovery.refresh();
      started.watch?.follow();
      factsCollector.changed();
      delivery.hurry((key) => conditions.standing(key)?.reason === 'KindNotServed');
    };
    const watch = watchCluster({
      client,
      discovery,
      inventory,
      namespace: config.namespace,
      leaseName: LEASE_NAME,
      onTouched: (key, seen) => delivery.touched(key, seen),
      onNamespace: (name) => delivery.hurry((key) => parseObjectKey(key)?.namespace === name),
      onDefinition(name, respecified) {
        if (respecified) schemas.changed(name);
        clearTimeout(kindsTimer);
        kindsTimer = setTimeout(() => void rediscover().catch(problem('discovery')), 1_000);
        kindsTimer.unref();
      },
      onFactsChanged: () => factsCollector.changed(),
      onLease: (resourceVersion) => echo.seen(resourceVersion),
      onProblem: (what, error) => problem(what)(error),
    });
    started.watch = watch;
    watch.follow();

    started.finish = async () => {
      clearInterval(keyTimer);
      clearTimeout(kindsTimer);
      factsCollector.stop();
      listening.abort();
      await delivery.stop();
      if (status.hub === 'connected') await reporter.drain(2_000);
      stopping.abort();
      await Promise.all([watch.stop(), reporter.done, enrolled.saved()]);
    };
    const rotate = async (): Promise<void> => {
      if (!(await enrolled.rotateWhenDue(hub, config.keyLifeDays))) return;
      log.info({}, 'keys were replaced');
      reporter.retryNow();
    };
    settleKeys = () => void rotate().catch(problem('replacing keys'));
    await rotate().catch(problem('replacing keys'));
    if (listening.signal.aborted) return;
    keyTimer = setInterval(settleKeys, KEY_CHECK_MS);
    keyTimer.unref();

    await listen({
      hub,
      signer: () => enrolled.signer(),
      cursor: () => cursorOf(held),
      evidence: () => (held.signature === undefined || held.signature === '' ? {} : { [EVIDENCE_HEADER]: held.signature }),
      onEvent: (event) => heed.event(event),
      onState(state) {
        const next = state.connected ? 'connected' : 'disconnected';
        if (next !== status.hub || (state.connected && state.by !== status.by)) log.info({ by: state.by, ...(state.error === undefined ? {} : describeError(state.error)) }, `hub ${next}`);
        status.hub = next;
        status.by = state.by;
        heed.error(state.error);
      },
      signal: listening.signal,
      ...(options.listenTiming === undefined ? {} : { timing: options.listenTiming }),
    });
  }

  function waitForToken(): void {
    status.lifecycle = 'evicted';
    options.onEvicted();
    log.error({}, 'this cluster was evicted: create a join token, set MESHFLEET_JOIN_TOKEN and restart the agent');
  }

  const running = run().catch((error: unknown) => {
    log.error(describeError(error), 'the agent stopped working');
    options.onBroken(error);
  });
  return {
    get delivery() {
      return started.delivery;
    },
    get watch() {
      return started.watch;
    },
    leaseRenewed: (resourceVersion) => echo.written(resourceVersion),
    async stop() {
      echo.stop();
      if (started.finish === undefined) stopping.abort();
      else await started.finish();
      await running;
    },
  };
}
