import { MeshfleetError } from '@meshfleet/model';
import { Worker } from 'node:worker_threads';
import { FairQueue, type QueueBounds } from './fair-queue.ts';
import { isHeavier } from './is-heavier.ts';
import type { AnswerOf, OrderOf, TaskName, ThreadAnswer, ThreadOrder, ThreadTasks } from './thread-tasks.ts';

/** Texts of up to 8 MiB each may wait, and inventories. */
const BOUNDS: QueueBounds = { each: 8, all: 24 };
const IDLE_MS = 60_000;
const MEMORY_MIB = 768;

/** How long a piece of work may take, and what its sender is told when it takes longer or more memory than there is. */
export interface TaskLimits {
  readonly longestMs: number;
  readonly tooSlow: () => MeshfleetError;
  readonly tooMuch: () => MeshfleetError;
}

/** Limits of work that is done where it is asked for while it is small. */
export interface SizedLimits extends TaskLimits {
  /** Up to so many characters of its order: what takes hardly longer than to hand it over and back. */
  readonly small: number;
}

interface Waiting extends ThreadOrder {
  readonly limits: TaskLimits;
  readonly answered: PromiseWithResolvers<unknown>;
}

/**
 * Does what takes long without holding up everybody else's requests: in a thread of its own, one piece after another,
 * organizations in turn. What goes on too long is ended with the thread, in the middle of it if need be; those that wait get
 * another. It starts with the first piece of work and ends when none has come for a minute.
 */
export class TaskThread<T extends ThreadTasks> {
  readonly #tasks: T;
  readonly #file: URL;
  readonly #queue: FairQueue<Waiting>;
  #worker: Worker | undefined;
  #doing: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `file` is the module that hands the same tasks to `answerTasks`. */
  constructor(tasks: T, file: URL, bounds: QueueBounds = BOUNDS) {
    this.#tasks = tasks;
    this.#file = file;
    this.#queue = new FairQueue(bounds);
  }

  /**
   * Does what is small at once and where it is, and all else in the thread.
   * @throws MeshfleetError LIMIT_EXCEEDED when it takes too long, or too much of the organization's waits already
   */
  async runWhereItFits<N extends TaskName<T>>(organizationId: string, name: N, order: OrderOf<T, N>, limits: SizedLimits): Promise<AnswerOf<T, N>> {
    if (isHeavier(order, limits.small)) return this.run(organizationId, name, order, limits);
    // The order is that of the task it names.
    return this.#tasks[name]?.(order as never) as AnswerOf<T, N>;
  }

  /** @throws MeshfleetError LIMIT_EXCEEDED when it takes too long, or too much of the organization's waits already */
  async run<N extends TaskName<T>>(organizationId: string, name: N, order: OrderOf<T, N>, limits: TaskLimits): Promise<AnswerOf<T, N>> {
    const answered = Promise.withResolvers<unknown>();
    const { admitted, displaced } = this.#queue.push(organizationId, { name, order, limits, answered });
    displaced?.answered.reject(crowded());
    if (!admitted) throw crowded();
    this.#next();
    // The thread answers what it was asked for by name.
    return answered.promise as Promise<AnswerOf<T, N>>;
  }

  /** Ends the thread; who waits is told. */
  async close(): Promise<void> {
    const closing = new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'The process is shutting down', fix: 'Send the request again.' });
    for (let waiting = this.#queue.shift(); waiting !== undefined; waiting = this.#queue.shift()) waiting.answered.reject(closing);
    await this.#end(closing);
  }

  #next(): void {
    if (this.#doing !== undefined) return;
    clearTimeout(this.#timer);
    this.#doing = this.#queue.shift();
    if (this.#doing === undefined) {
      this.#timer = setTimeout(() => void this.#end(), IDLE_MS).unref();
      return;
    }
    const { name, order, limits } = this.#doing;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ name, order } satisfies ThreadOrder);
    this.#timer = setTimeout(() => void this.#end(limits.tooSlow()), limits.longestMs).unref();
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB } });
    // A thread that waits for work keeps no process alive; whoever waits for an answer has a connection that does.
    worker.unref();
    worker.on('message', (answer: ThreadAnswer) => {
      // Given up meanwhile: the answer is to nobody's question.
      if (this.#worker !== worker) return;
      const doing = this.#doing;
      this.#doing = undefined;
      if ('answer' in answer) doing?.answered.resolve(answer.answer);
      else doing?.answered.reject(new MeshfleetError({ code: 'INTERNAL', summary: `The thread could not do it (${doing.name})`, why: answer.fault }));
      this.#next();
    });
    worker.on('error', (error) => {
      if (this.#worker === worker) void this.#end(outOfMemory(error) ? (this.#doing?.limits.tooMuch() ?? error) : error);
    });
    return worker;
  }

  /** What is under way is lost with the thread; the ones behind it get another. */
  async #end(reason?: Error): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    const doing = this.#doing;
    this.#doing = undefined;
    if (reason !== undefined) doing?.answered.reject(reason);
    await worker?.terminate();
    if (this.#queue.waiting > 0) this.#next();
  }
}

/** What somebody is told of whom too much waits. */
export function crowded(): MeshfleetError {
  return new MeshfleetError({
    code: 'LIMIT_EXCEEDED',
    summary: 'Too much of your organization’s work waits already',
    why: 'large manifests and analyses are done one after another, organizations in turn',
    fix: 'Try again in a moment, and send fewer of them at once.',
  });
}

function outOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
