type Task = () => void;

/**
 * One timer for all connections. A slot is a second: tasks that come again every `period` seconds are spread over that many
 * slots, tasks of a certain second lie in a slot of their own.
 */
export class Ticker {
  readonly #periodic = new Map<number, Set<Task>[]>();
  readonly #due = new Map<number, Set<Task>>();
  #second = 0;
  #spread = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#timer ??= setInterval(() => this.tick(), 1000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Runs the task every `period` seconds, first within that time, until the returned function is called. */
  every(period: number, task: Task): () => void {
    let slots = this.#periodic.get(period);
    if (slots === undefined) {
      slots = Array.from({ length: period }, () => new Set<Task>());
      this.#periodic.set(period, slots);
    }
    const slot = slots[this.#spread++ % period];
    slot?.add(task);
    return () => slot?.delete(task);
  }

  /** Runs the task once, after so many seconds (at least one), unless the returned function is called before. */
  after(seconds: number, task: Task): () => void {
    const at = this.#second + Math.max(1, Math.ceil(seconds));
    let slot = this.#due.get(at);
    if (slot === undefined) {
      slot = new Set<Task>();
      this.#due.set(at, slot);
    }
    const due = slot;
    due.add(task);
    return () => due.delete(task);
  }

  /** One second has passed. */
  tick(): void {
    this.#second += 1;
    for (const [period, slots] of this.#periodic) for (const task of [...(slots[this.#second % period] ?? [])]) task();
    const due = this.#due.get(this.#second);
    this.#due.delete(this.#second);
    for (const task of [...(due ?? [])]) task();
  }
}
