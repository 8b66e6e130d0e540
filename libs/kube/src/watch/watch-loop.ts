import type { KubeObject } from '@meshfleet/model';
import { createBackoff, delay } from '../backoff.ts';
import type { KubeClient } from '../client.ts';
import { isGone, KubeError } from '../kube-error.ts';
import type { Resource } from '../resource.ts';
import type { WatchEnd, WatchEventType } from './watch-once.ts';
import { watchOnce } from './watch-once.ts';

export interface Timing {
  /** Silence after which a watch counts as dead. API servers send a bookmark each minute; half as much again is slack. */
  readonly stallMs: number;
  /** How long the server is asked to keep one watch open; drawn between this and 1.5 times this. */
  readonly watchSeconds: number;
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
}

const TIMING: Timing = { stallMs: 90_000, watchSeconds: 2_700, firstBackoffMs: 500, maxBackoffMs: 60_000 };
const LONGEST_RETRY_AFTER_MS = 300_000;

export interface WatchCounters {
  lists: number;
  watches: number;
  gone: number;
  stalled: number;
  failures: number;
}

export interface WatchLoopOptions {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean;
  readonly pageSize?: number;
  readonly timing?: Partial<Timing>;
  readonly random?: () => number;
  /** Runs a list when it may: so that many caches that start together do not hold all their pages at once. */
  readonly gate?: (list: () => Promise<void>) => Promise<void>;
  onListed(): { item(object: KubeObject): void; done(resourceVersion: string): void };
  onEvent(type: WatchEventType, object: KubeObject): void;
  resumeFrom(): string | undefined;
  onProblem?(problem: { readonly what: string; readonly error?: unknown }): void;
}

/**
 * Lists, then watches, for ever: resumes from where the watch ended, and lists again only when the server says 410, once for each time it does.
 */
export function runWatchLoop(options: WatchLoopOptions): { readonly counters: WatchCounters; reopen(): void; stop(): Promise<void> } {
  const timing = { ...TIMING, ...options.timing };
  const random = options.random ?? Math.random;
  const backoff = createBackoff({ firstMs: timing.firstBackoffMs, maxMs: timing.maxBackoffMs, random });
  const counters: WatchCounters = { lists: 0, watches: 0, gone: 0, stalled: 0, failures: 0 };
  const stopping = new AbortController();
  let current: AbortController | undefined;
  const selection = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    ...(options.metadataOnly === undefined ? {} : { metadataOnly: options.metadataOnly }),
  };

  async function listAll(): Promise<void> {
    const listed = options.onListed();
    let next: string | undefined;
    let resourceVersion = '0';
    do {
      const page = await options.client.list(options.resource, { ...selection, limit: options.pageSize ?? 250, next, signal: stopping.signal });
      for (const item of page.items) listed.item(complete(item, options.resource));
      resourceVersion = page.resourceVersion;
      next = page.next;
    } while (next !== undefined);
    counters.lists += 1;
    listed.done(resourceVersion);
  }

  async function watch(resourceVersion: string): Promise<WatchEnd & { readonly quiet: boolean }> {
    current = new AbortController();
    const signal = AbortSignal.any([stopping.signal, current.signal]);
    let quiet = true;
    counters.watches += 1;
    const timeoutSeconds = Math.round(timing.watchSeconds * (1 + random() / 2));
    const end = await watchOnce(options.client, options.resource, { ...selection, resourceVersion, timeoutSeconds, stallMs: timing.stallMs, signal }, (type, object) => {
      if (signal.aborted) return;
      quiet = false;
      options.onEvent(type, object);
    });
    return { ...end, quiet };
  }

  const reopened = (): boolean => current?.signal.aborted === true;

  async function pause(error: unknown): Promise<void> {
    counters.failures += 1;
    const asked = error instanceof KubeError ? error.retryAfterMs : undefined;
    // As many as were refused together should not come back together.
    const wait = asked === undefined ? backoff.next() : Math.min(asked, LONGEST_RETRY_AFTER_MS) * (1 + random() / 10);
    await delay(wait, stopping.signal);
  }

  async function run(): Promise<void> {
    let list = true;
    let goneInARow = 0;
    while (!stopping.signal.aborted) {
      try {
        if (list) {
          await (options.gate === undefined ? listAll() : options.gate(listAll));
          list = false;
          backoff.reset();
          continue;
        }
        const startedAt = Date.now();
        const end = await watch(options.resumeFrom() ?? '0');
        if (end.kind !== 'error') goneInARow = 0;
        if (stopping.signal.aborted) return;
        if (end.kind === 'error') throw new KubeError({ status: end.status.code ?? 500, reason: end.status.reason ?? 'InternalError', message: end.status.message ?? 'The watch ended with an error', request: `WATCH ${options.resource.plural}` });
        if (end.kind === 'stalled') counters.stalled += 1;
        if (!end.quiet) backoff.reset();
        // A server that closes watches as soon as they open must not be asked without pause.
        if (end.quiet && Date.now() - startedAt < 1_000 && !reopened()) await pause(undefined);
        else if (end.kind === 'cut' || end.kind === 'garbled') await delay(random() * timing.firstBackoffMs, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (isGone(error)) {
          counters.gone += 1;
          goneInARow += 1;
          // One 410 is an everyday event and costs one list. A server that says it again at once is not asked without pause.
          if (goneInARow > 1) await pause(error);
          list = true;
          continue;
        }
        if (!list && reopened()) continue;
        options.onProblem?.({ what: list ? 'list' : 'watch', error });
        await pause(error);
      }
    }
  }

  const running = run();
  return {
    counters,
    reopen: () => current?.abort(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Items of a list come without apiVersion and kind. */
function complete(item: KubeObject, resource: Resource): KubeObject {
  if (item.apiVersion === undefined || item.kind === undefined) {
    item.apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    item.kind = resource.kind;
  }
  return item;
}
