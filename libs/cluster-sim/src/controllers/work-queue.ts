import type { StoreEvent } from '../seam.ts';
import type { Controller } from './context.ts';

const BATCH = 200;
const ATTEMPTS = 5;

/** A key that a controller could not bring to its desired state yet. */
export interface Stuck {
  readonly controller: string;
  readonly key: string;
  readonly error: unknown;
}

export interface WorkQueue {
  offer(event: StoreEvent): void;
  settle(): Promise<void>;
  /** What waits for the world to change: pods whose service account does not exist yet. */
  stuck(): readonly Stuck[];
  stop(): void;
}

interface Work {
  readonly controller: Controller;
  readonly key: string;
  readonly attempt: number;
}

/**
 * Runs controllers off events, in order, each key once however often it was named. Nothing waits on a clock: after a write the
 * loops run until nothing is left to do, a batch at a time, so that requests are answered in between.
 */
export function createWorkQueue(controllers: readonly Controller[]): WorkQueue {
  const pending = new Map<string, Work>();
  const parked = new Map<string, Work & { readonly error: unknown }>();
  let waiting: (() => void)[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let stopped = false;

  function add(work: Work): void {
    const id = `${work.controller.name} ${work.key}`;
    if (stopped || pending.has(id)) return;
    pending.set(id, work);
    scheduled ??= setImmediate(drain);
  }

  function drain(): void {
    scheduled = undefined;
    for (let done = 0; done < BATCH && !stopped; done += 1) {
      const next = pending.entries().next().value;
      if (next === undefined) break;
      const [id, work] = next;
      pending.delete(id);
      run(id, work);
    }
    if (pending.size > 0 && !stopped) scheduled ??= setImmediate(drain);
    else release();
  }

  function run(id: string, work: Work): void {
    try {
      work.controller.reconcile(work.key);
      parked.delete(id);
    } catch (error) {
      // A conflict goes away on a second look; what does not is parked until something else happens in its namespace.
      if (work.attempt < ATTEMPTS) add({ ...work, attempt: work.attempt + 1 });
      else parked.set(id, { ...work, error });
    }
  }

  function release(): void {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  }

  return {
    offer(event) {
      const namespace = event.object.metadata.namespace ?? event.object.metadata.name ?? '';
      for (const { controller, key } of parked.values()) if (key.startsWith(`${namespace}/`)) add({ controller, key, attempt: ATTEMPTS });
      for (const controller of controllers) for (const key of controller.keysOf(event)) {
        const work = { controller, key, attempt: 0 };
        if (controller.eager === true && !stopped) run(`${controller.name} ${key}`, work);
        else add(work);
      }
    },
    settle: () => (pending.size === 0 && scheduled === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    stuck: () => [...parked.values()].map(({ controller, key, error }) => ({ controller: controller.name, key, error })),
    stop() {
      stopped = true;
      pending.clear();
      if (scheduled) clearImmediate(scheduled);
      scheduled = undefined;
      release();
    },
  };
}
