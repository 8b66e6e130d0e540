import { Inject, type OnApplicationShutdown, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { MeshfleetError } from '@meshfleet/model';
import { CHANGED_CHANNEL, type Store } from '@meshfleet/store';
import { z } from 'zod';
import { STORE } from '../tokens.ts';

export type ChangedKind = 'clusters' | 'policies' | 'rollouts';

const notice = z.object({ o: z.string(), clusters: z.array(z.string()).default([]), policies: z.array(z.string()).default([]), rollouts: z.array(z.string()).default([]) });

/** Changes that come within this time are told together, each object once. */
const COALESCE_MS = 100;
const MOST_PER_IDENTITY = 100;

/** One who waits for changes of one organization. */
export interface Watch {
  /** Ids that changed since the last call; waits until there are some. Empty when the watch has ended. */
  next(): Promise<readonly string[]>;
  close(): void;
}

/** Hands out what LISTEN says of changed clusters, policies and rollouts, to those who watch their organization. */
export class ChangeFeed implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  readonly #store: Store;
  readonly #watches = new Map<string, Set<OpenWatch>>();
  readonly #perIdentity = new Map<string, number>();
  #stop: (() => Promise<void>) | undefined;

  constructor(@Inject(STORE) store: Store) {
    this.#store = store;
  }

  async onModuleInit(): Promise<void> {
    this.#stop = await this.#store.listen(
      CHANGED_CHANNEL,
      (payload) => {
        this.#tell(payload);
      },
      () => {
        for (const watches of this.#watches.values()) for (const watch of watches) watch.missed();
      },
    );
  }

  /** Before the server closes: it waits for its open streams. */
  onModuleDestroy(): void {
    this.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stop?.();
  }

  /** Ends every watch: the process drains. */
  close(): void {
    for (const watches of [...this.#watches.values()]) for (const watch of [...watches]) watch.close();
  }

  get size(): number {
    let sum = 0;
    for (const watches of this.#watches.values()) sum += watches.size;
    return sum;
  }

  /** @throws MeshfleetError LIMIT_EXCEEDED */
  watch(organizationId: string, identity: string, kind: ChangedKind, id: string | undefined): Watch {
    const held = this.#perIdentity.get(identity) ?? 0;
    if (held >= MOST_PER_IDENTITY) {
      throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `You have ${held} subscriptions, and ${MOST_PER_IDENTITY} are the most`, fix: 'End some of them.' });
    }
    this.#perIdentity.set(identity, held + 1);
    const watches = this.#watches.get(organizationId) ?? new Set();
    this.#watches.set(organizationId, watches);
    const watch = new OpenWatch(kind, id, () => {
      watches.delete(watch);
      if (watches.size === 0 && this.#watches.get(organizationId) === watches) this.#watches.delete(organizationId);
      const left = (this.#perIdentity.get(identity) ?? 1) - 1;
      if (left === 0) this.#perIdentity.delete(identity);
      else this.#perIdentity.set(identity, left);
    });
    watches.add(watch);
    return watch;
  }

  #tell(payload: string): void {
    const parsed = readNotice(payload);
    if (parsed === undefined) return;
    for (const watch of this.#watches.get(parsed.o) ?? []) watch.changed(parsed[watch.kind]);
  }
}

class OpenWatch implements Watch {
  readonly kind: ChangedKind;
  readonly #id: string | undefined;
  readonly #onClose: () => void;
  #ids = new Set<string>();
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #missed = false;

  constructor(kind: ChangedKind, id: string | undefined, onClose: () => void) {
    this.kind = kind;
    this.#id = id;
    this.#onClose = onClose;
  }

  changed(ids: readonly string[]): void {
    for (const id of ids) if (this.#id === undefined || this.#id === id) this.#ids.add(id);
    if (this.#ids.size > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#wake?.();
      }, COALESCE_MS);
    }
  }

  /** Notices may have been lost: whoever watches one object reads it again, whoever watches all must ask again. */
  missed(): void {
    if (this.#id !== undefined) {
      this.changed([this.#id]);
      return;
    }
    this.#missed = true;
    this.#wake?.();
  }

  async next(): Promise<readonly string[]> {
    while (!this.#closed && !this.#missed && (this.#ids.size === 0 || this.#timer !== undefined)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#missed) {
      throw new MeshfleetError({ code: 'STATE_STALE', summary: 'Changes may have been missed', why: 'the connection to the database was lost for a moment', fix: 'Read the list again, and subscribe again.' });
    }
    if (this.#closed) return [];
    const ids = [...this.#ids];
    this.#ids = new Set();
    return ids;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    this.#onClose();
  }
}

function readNotice(payload: string): z.output<typeof notice> | undefined {
  try {
    return notice.parse(JSON.parse(payload));
  } catch {
    return undefined;
  }
}
