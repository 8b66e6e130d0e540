import { createBackoff, createDiscovery, delay } from '@meshfleet/kube';
import type { KubeClient } from '@meshfleet/kube';
import { parseObjectKey } from '@meshfleet/model';
import type { AgentEvent } from '@meshfleet/protocol';
import { EVIDENCE_HEADER } from '@meshfleet/protocol';
import type { Delivery } from './apply/delivery.ts';
import { createDelivery } from './apply/delivery.ts';
import type { RetrySpans } from './apply/retry-schedule.ts';
import type { Config } from './config.ts';
import type { HubConnection, Signer } from './hub/hub-connection.ts';
import { HubError } from './hub/hub-connection.ts';
import type { ListenTiming } from './hub/listen.ts';
import { listen } from './hub/listen.ts';
import { ensureEnrolled } from './identity/enrol.ts';
import type { Identity } from './identity/identity.ts';
import { createIdentityStore, IDENTITY_SECRET } from './identity/identity-store.ts';
import { keysAreDue, rotateKeys, signerOf } from './identity/rotate-keys.ts';
import { secretFile } from './identity/secret-file.ts';
import type { Log } from './log.ts';
import { describeError } from './log.ts';
import { collectFacts } from './observe/collect-facts.ts';
import { createInventory } from './observe/inventory.ts';
import type { ClusterWatch } from './observe/watch-cluster.ts';
import { watchCluster } from './observe/watch-cluster.ts';
import type { AgentStatus } from './probes/status.ts';
import { createConditions } from './report/conditions.ts';
import { startReporter } from './report/reporter.ts';
import { createSequence } from './report/sequence.ts';
import { fetchState } from './state/fetch-state.ts';
import { cursorOf } from './state/held-state.ts';
import { createStateStore } from './state/state-store.ts';
import { createSync } from './state/sync.ts';

export const LEASE_NAME = 'meshfleet-agent';

export interface SessionOptions {
  readonly config: Config;
  readonly client: KubeClient;
  readonly hub: HubConnection;
  readonly log: Log;
  readonly status: AgentStatus;
  readonly agentVersion: string;
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

const ECHO_MS = 8_000;
const KEY_CHECK_MS = 3_600_000;

export function startSession(options: SessionOptions): Session {
  const { config, client, hub, log, status, agentVersion } = options;
  const stopping = new AbortController();
  const signal = stopping.signal;
  const started: { delivery?: Delivery; watch?: ClusterWatch; leaseSeen?: string; finish?: () => Promise<void> } = {};
  const problem = (what: string) => (error: unknown) => log.warn({ what, ...describeError(error) }, 'something failed and is tried again');

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
    const discovery = createDiscovery(client);
    await persist('discovery', () => discovery.refresh());
    if (stored === undefined || signal.aborted) return;
    let held = stored.held;
    status.epoch = held.epoch;
    status.revision = held.revision;

    // Saves of the identity go one after the other: each replaces the whole of it.
    let saving: Promise<unknown> = Promise.resolve();
    const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
      const next = saving.then(work, work);
      saving = next.catch(() => undefined);
      return next;
    };
    const change = (update: (current: Identity) => Identity) => exclusively(() => identities.save(update(identities.current ?? identity)));

    let signed: { of: string; signer: Signer | undefined } | undefined;
    const signer = (): Signer | undefined => {
      const current = identities.current ?? identity;
      if (signed?.of !== current.keys.signKeyPem) signed = { of: current.keys.signKeyPem, signer: signerOf(current) };
      return signed.signer;
    };

    const conditions = createConditions();
    const inventory = createInventory({ now: () => hub.hubSeconds() * 1000, onNews: () => reporter.poke() });
    const reporter = startReporter({
      hub,
      signer,
      place: () => held,
      sequence: createSequence({ reserved: identity.seqReserved, hubMs: () => hub.hubSeconds() * 1000, reserve: (upTo) => change((current) => ({ ...current, seqReserved: upTo })) }),
      conditions,
      inventory,
      signal,
      onSent: () => (status.reportsSent += 1),
      onProblem(error) {
        noteHub(error);
        problem('report')(error);
      },
    });
    const delivery = createDelivery({
      retrySpans: options.retrySpans,
      client,
      discovery,
      conditions,
      now: () => new Date(hub.hubSeconds() * 1000),
      onNews: () => reporter.poke(),
      onProcessed(done) {
        if (done.digest !== undefined) reporter.acknowledge({ epoch: done.epoch, revision: done.revision }, done.digest);
        stateStore.markProcessed(done).catch(problem('storing how far it is'));
      },
    });
    started.delivery = delivery;

    let settleKeys: (() => void) | undefined;
    const listening = new AbortController();
    const evicted = () => {
      if (listening.signal.aborted) return;
      listening.abort();
      status.lifecycle = 'evicted';
      delivery.pause(true);
      change((current) => ({ ...current, evicted: true })).catch(problem('storing the eviction'));
      log.error({}, 'the hub evicted this cluster: objects stay as they are and are no longer corrected; give the agent a new join token and restart it');
    };
    const noteHub = (error: unknown) => {
      if (error instanceof HubError && error.code === 'CLUSTER_EVICTED') evicted();
      else if (error instanceof HubError && error.code === 'CLUSTER_QUARANTINED') status.lifecycle = 'quarantined';
      // Two pairs of keys, and this one is not the valid one: the answer to a replacement was lost.
      else if (error instanceof HubError && error.code === 'SIGNATURE_INVALID' && identities.current?.nextKeys !== undefined) settleKeys?.();
    };

    const sync = createSync({
      store: stateStore,
      held: () => held,
      async fetch(before) {
        const by = signer();
        if (by === undefined) return { accepted: false, error: { code: 'UNAUTHENTICATED', summary: 'Not enrolled' } };
        return fetchState(hub, by, enrolment.signingKeys, before);
      },
      onAccepted(next, abandoned) {
        held = next;
        status.epoch = next.epoch;
        status.revision = next.revision;
        if (abandoned.length > 0) log.warn({ count: abandoned.length }, 'objects left the desired state without a tombstone: they are let be');
        log.info({ epoch: next.epoch, revision: next.revision, mode: next.mode, objects: next.state.entries.length, tombstones: next.state.tombstones.length }, 'desired state accepted');
        delivery.deliver(next, false);
      },
      onRefused(error) {
        status.refusedStates += 1;
        log.error({ code: error.code, why: error.why }, 'a desired state was refused; the cluster keeps the one that it has');
      },
      onProblem(error) {
        noteHub(error);
        problem('fetching the desired state')(error);
      },
      signal: listening.signal,
    });
    const onEvent = (event: AgentEvent) => {
      if (event.event === 'desired') {
        if (status.lifecycle === 'quarantined') status.lifecycle = 'enrolled';
        sync.announced(event.data);
        return;
      }
      switch (event.data.type) {
        case 'approved':
          status.lifecycle = 'enrolled';
          reporter.retryNow();
          break;
        case 'quarantined':
          status.lifecycle = 'quarantined';
          log.warn({}, 'the hub put this cluster into quarantine: nothing new is delivered, what is there stays and is defended');
          break;
        case 'resync-inventory':
          inventory.resync();
          break;
        // To enrol anew takes a new join token, as after an eviction.
        case 'evicted':
        case 'reenroll':
          evicted();
          break;
      }
    };

    if (held.digest !== undefined) delivery.deliver(held, stored.processed);
    const factsCollector = collectFacts({ client, discovery, agentVersion, meshes: () => started.watch?.meshes() ?? [], onFacts: (facts) => reporter.facts(facts), onProblem: problem('reading facts') });
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
      onTouched: (key, resourceVersion) => delivery.touched(key, resourceVersion),
      onNamespace: (name) => delivery.hurry((key) => parseObjectKey(key)?.namespace === name),
      onKindsChanged() {
        clearTimeout(kindsTimer);
        kindsTimer = setTimeout(() => void rediscover().catch(problem('discovery')), 1_000);
        kindsTimer.unref();
      },
      onFactsChanged: () => factsCollector.changed(),
      onLease: (resourceVersion) => (started.leaseSeen = resourceVersion),
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
      await Promise.all([watch.stop(), reporter.done, saving]);
    };
    const rotate = async (): Promise<void> => {
      const current = identities.current;
      if (current === undefined || !keysAreDue(current, hub.hubSeconds() * 1000, config.keyLifeDays)) return;
      await exclusively(() => rotateKeys(identities, hub, hub.hubSeconds() * 1000));
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
      signer,
      cursor: () => cursorOf(held),
      evidence: () => (held.signature === undefined || held.signature === '' ? {} : { [EVIDENCE_HEADER]: held.signature }),
      onEvent,
      onState(state) {
        const next = state.connected ? 'connected' : 'disconnected';
        if (next !== status.hub || (state.connected && state.by !== status.by)) log.info({ by: state.by, ...(state.error === undefined ? {} : describeError(state.error)) }, `hub ${next}`);
        status.hub = next;
        status.by = state.by;
        noteHub(state.error);
      },
      signal: listening.signal,
      ...(options.listenTiming === undefined ? {} : { timing: options.listenTiming }),
    });
  }

  /** Tries until it works: at the start nothing else can be done. */
  async function persist<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    const backoff = createBackoff({ firstMs: 500, maxMs: 60_000 });
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return undefined;
        log.error({ what, ...describeError(error) }, 'cannot start yet');
        await delay(backoff.next(), signal);
      }
    }
    return undefined;
  }

  function waitForToken(): void {
    status.lifecycle = 'evicted';
    log.error({}, 'this cluster was evicted: create a join token, set MESHFLEET_JOIN_TOKEN and restart the agent');
  }

  const running = run().catch((error: unknown) => log.error(describeError(error), 'the agent stopped working'));
  return {
    get delivery() {
      return started.delivery;
    },
    get watch() {
      return started.watch;
    },
    leaseRenewed(resourceVersion) {
      if (started.leaseSeen === undefined) return;
      const timer = setTimeout(() => {
        if (signal.aborted || started.leaseSeen === resourceVersion) return;
        // The API server took our write, and yet its watch is silent: so may all the others be.
        log.warn({}, 'watches do not show what was written; reopening them');
        started.watch?.reopen();
      }, ECHO_MS);
      timer.unref();
    },
    async stop() {
      if (started.finish === undefined) stopping.abort();
      else await started.finish();
      await running;
    },
  };
}
