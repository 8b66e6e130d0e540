import type { StoreEvent } from '../seam.ts';
import type { Controller } from './context.ts';

const BATCH = 200;
const ATTEMPTS = 5;

export interface WorkQueue {
  offer(event: StoreEvent): void;
  enqueue(controller: Controller, key: string): void;
  settle(): Promise<void>;
  stop(): void;
}

/**
 * Runs controllers off events, in order, each key once however often it was named. Nothing waits on a clock: after a write the
 * loops run until nothing is left to do, a batch at a time, so that requests are answered in between.
 */
export function createWorkQueue(controllers: readonly Controller[]): WorkQueue {
  const pending = new Map<string, { controller: Controller; key: string; attempt: number }>();
  let waiting: (() => void)[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let stopped = false;

  function add(controller: Controller, key: string, attempt: number): void {
    const id = `${controller.name} ${key}`;
    if (stopped || pending.has(id)) return;
    pending.set(id, { controller, key, attempt });
    scheduled ??= setImmediate(drain);
  }

  function drain(): void {
    scheduled = undefined;
    for (let done = 0; done < BATCH && !stopped; done += 1) {
      const next = pending.entries().next().value;
      if (next === undefined) break;
      const [id, { controller, key, attempt }] = next;
      pending.delete(id);
      try {
        controller.reconcile(key);
      } catch {
        // A conflict or a terminating namespace: the state moved on. Loops are level-triggered, so a later look is enough.
        if (attempt < ATTEMPTS) add(controller, key, attempt + 1);
      }
    }
    if (pending.size > 0 && !stopped) scheduled ??= setImmediate(drain);
    else release();
  }

  function release(): void {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  }

  return {
    offer(event) {
      for (const controller of controllers) for (const key of controller.keysOf(event)) add(controller, key, 0);
    },
    enqueue: (controller, key) => add(controller, key, 0),
    settle: () => (pending.size === 0 && scheduled === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    stop() {
      stopped = true;
      pending.clear();
      if (scheduled) clearImmediate(scheduled);
      scheduled = undefined;
      release();
    },
  };
}
