import { Inject, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TASK_ANSWER_CHANNEL, type Store } from '@meshfleet/store';
import { z } from 'zod';
import { STORE } from '../tokens.ts';

const notice = z.object({ o: z.string(), t: z.string() });

/** Wakes those who wait for the answer of an agent, whichever process took it. */
export class TaskAnswers implements OnModuleInit, OnApplicationShutdown {
  readonly #store: Store;
  readonly #waiting = new Map<string, () => void>();
  #stop: (() => Promise<void>) | undefined;

  constructor(@Inject(STORE) store: Store) {
    this.#store = store;
  }

  async onModuleInit(): Promise<void> {
    this.#stop = await this.#store.listen(TASK_ANSWER_CHANNEL, (payload) => {
      this.#waiting.get(taskOf(payload))?.();
    }, () => {
      // Notices may have been lost: everybody looks.
      for (const wake of [...this.#waiting.values()]) wake();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    for (const wake of [...this.#waiting.values()]) wake();
    await this.#stop?.();
  }

  /** From here on no answer to the task is missed. */
  await(taskId: string): Awaited {
    let heard = Promise.withResolvers<undefined>();
    this.#waiting.set(taskId, () => heard.resolve(undefined));
    return {
      async next(ms) {
        let timer: NodeJS.Timeout | undefined;
        await Promise.race([heard.promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
        clearTimeout(timer);
        heard = Promise.withResolvers();
      },
      end: () => void this.#waiting.delete(taskId),
    };
  }
}

export interface Awaited {
  /** Resolves when the task may have been answered, at the latest after so long. */
  next(ms: number): Promise<void>;
  end(): void;
}

function taskOf(payload: string): string {
  try {
    return notice.parse(JSON.parse(payload)).t;
  } catch {
    return '';
  }
}
