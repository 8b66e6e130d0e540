import type { KubeObject } from '@meshfleet/model';
import { delay } from '../backoff.ts';
import type { KubeClient } from '../client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube-error.ts';
import { RESOURCES } from '../resource.ts';
import type { HolderIdentity } from './lease-holder.ts';
import { leaseSpecOf, microTime } from './lease-holder.ts';

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: HolderIdentity;
  /** How long a holder may be silent before another takes over. Default 105 s. */
  readonly durationMs?: number;
  /** How often the holder says that it lives: each time costs a request. Default 35 s. */
  readonly renewMs?: number;
  onChange(holds: boolean, otherHolder: string | undefined): void;
  onProblem?(error: unknown): void;
  /** After each successful renewal, with the Lease's new resourceVersion. */
  onRenewed?(resourceVersion: string): void;
  readonly now?: () => number;
}

export interface Election {
  readonly holds: boolean;
  /** Gives the Lease back, so that the next one need not wait. */
  stop(): Promise<void>;
}

/**
 * Keeps one of several processes acting, by a Lease. Clocks of others are not trusted: a holder counts as gone when its Lease has not changed
 * for its duration as seen from here (as client-go's leader election does), or when it is known to be dead.
 */
export function startElection(options: ElectionOptions): Election {
  const durationMs = options.durationMs ?? 105_000;
  const renewMs = options.renewMs ?? 35_000;
  const now = options.now ?? Date.now;
  const stopping = new AbortController();
  let holds = false;
  let renewedAt = 0;
  let seen: { version: string; at: number } | undefined;
  let lease: KubeObject | undefined;
  let reported: string | undefined;

  const become = (value: boolean, other?: string) => {
    holds = value;
    const state = `${String(value)} ${other ?? ''}`;
    if (state === reported) return;
    reported = state;
    options.onChange(value, other);
  };

  const specOfOurs = (previous: KubeObject | undefined): KubeObject => {
    const before = previous === undefined ? {} : leaseSpecOf(previous);
    const at = microTime(new Date(now()));
    const same = before.holderIdentity === options.identity.text;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: options.name, namespace: options.namespace, ...(previous?.metadata.resourceVersion === undefined ? {} : { resourceVersion: previous.metadata.resourceVersion }) },
      spec: {
        holderIdentity: options.identity.text,
        leaseDurationSeconds: Math.round(durationMs / 1000),
        acquireTime: same ? (before.acquireTime ?? at) : at,
        renewTime: at,
        leaseTransitions: (before.leaseTransitions ?? 0) + (same || previous === undefined ? 0 : 1),
      },
    };
  };

  const taken = (object: KubeObject) => {
    lease = object;
    renewedAt = now();
    options.onRenewed?.(object.metadata.resourceVersion ?? '');
    become(true);
  };

  async function tryOnce(): Promise<void> {
    if (!holds || lease === undefined) {
      try {
        lease = await options.client.get(RESOURCES.leases, options.namespace, options.name);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        taken(await options.client.create(RESOURCES.leases, specOfOurs(undefined)));
        return;
      }
      const holder = leaseSpecOf(lease).holderIdentity ?? '';
      const version = lease.metadata.resourceVersion ?? '';
      if (seen?.version !== version) seen = { version, at: now() };
      const silentMs = (leaseSpecOf(lease).leaseDurationSeconds ?? durationMs / 1000) * 1000;
      const free = holder === '' || holder === options.identity.text || options.identity.isDead(holder) || now() - seen.at >= silentMs;
      if (!free) {
        become(false, holder);
        return;
      }
    }
    taken(await options.client.update(RESOURCES.leases, specOfOurs(lease)));
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await tryOnce();
      } catch (error) {
        if (isConflict(error) || isAlreadyExists(error)) {
          // Somebody else wrote it: look again at once who holds it now.
          lease = undefined;
          holds = false;
          await delay(200, stopping.signal);
          continue;
        }
        if (isNotFound(error)) lease = undefined;
        options.onProblem?.(error);
        // Another may take over after the duration: stop acting before that.
        if (holds && now() - renewedAt > durationMs * 0.8) {
          lease = undefined;
          become(false);
        }
        await delay(Math.min(renewMs, 5_000), stopping.signal);
        continue;
      }
      await delay(holds ? renewMs : Math.min(renewMs, 10_000), stopping.signal);
    }
  }

  const running = run();
  return {
    get holds() {
      return holds;
    },
    async stop() {
      stopping.abort();
      await running;
      if (!holds || lease === undefined) return;
      holds = false;
      const released = { ...lease, spec: { ...(lease['spec'] as object), holderIdentity: '', renewTime: microTime(new Date(now())) } };
      await options.client.update(RESOURCES.leases, released).catch(() => undefined);
    },
  };
}
