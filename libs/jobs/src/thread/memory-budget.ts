import { FairQueue, type QueueBounds } from './fair-queue.ts';
import { crowded } from './task-thread.ts';

const BOUNDS: QueueBounds = { each: 8, all: 64 };

interface Waiting {
  readonly amount: number;
  readonly turn: PromiseWithResolvers<void>;
}

/**
 * So many bytes are in the hands of this process for one purpose at a time, whoever wants them: what would be more waits until
 * others have let go of theirs, organizations in turn.
 */
export class MemoryBudget {
  readonly #queue: FairQueue<Waiting>;
  readonly #total: number;
  #free: number;
  /** Whose turn it is, when there is no room for it yet. Those behind it do not overtake it. */
  #next: Waiting | undefined;

  constructor(bytes: number, bounds: QueueBounds = BOUNDS) {
    this.#total = bytes;
    this.#free = bytes;
    this.#queue = new FairQueue(bounds);
  }

  /** Does something that needs so many bytes. @throws MeshfleetError LIMIT_EXCEEDED when too much of the organization's waits */
  async within<T>(organizationId: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const waiting: Waiting = { amount: Math.min(bytes, this.#total), turn: Promise.withResolvers() };
    const { admitted, displaced } = this.#queue.push(organizationId, waiting);
    displaced?.turn.reject(crowded());
    if (!admitted) throw crowded();
    this.#admit();
    await waiting.turn.promise;
    try {
      return await work();
    } finally {
      this.#free += waiting.amount;
      this.#admit();
    }
  }

  #admit(): void {
    for (this.#next ??= this.#queue.shift(); this.#next !== undefined && this.#next.amount <= this.#free; this.#next = this.#queue.shift()) {
      this.#free -= this.#next.amount;
      this.#next.turn.resolve();
    }
  }
}
