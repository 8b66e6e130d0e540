/** Where something stands that came to a {@link FairQueue}. */
export interface Admission<T> {
  /** False: it was not taken. */
  readonly admitted: boolean;
  /** What had to give way to it: the last that came from whoever has most waiting. */
  readonly displaced?: T;
}

export interface QueueBounds {
  /** That wait at once from one owner. */
  readonly each: number;
  /** That wait at once from all together. */
  readonly all: number;
}

/**
 * What several owners want done by one hand: each waits in a line of its own, and the lines are served in turn, so that who
 * sends much waits behind their own and nobody else's. When all together are too many, the longest line gives way.
 */
export class FairQueue<T> {
  readonly #bounds: QueueBounds;
  /** In the order in which they are served: a Map remembers when a key came. */
  readonly #lines = new Map<string, T[]>();
  #waiting = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#waiting;
  }

  push(owner: string, item: T): Admission<T> {
    const line = this.#lines.get(owner) ?? [];
    if (line.length >= this.#bounds.each) return { admitted: false };
    const displaced = this.#waiting < this.#bounds.all ? undefined : this.#giveWay(line.length);
    if (this.#waiting >= this.#bounds.all) return { admitted: false };
    line.push(item);
    if (line.length === 1) this.#lines.set(owner, line);
    this.#waiting += 1;
    return { admitted: true, ...(displaced === undefined ? {} : { displaced }) };
  }

  /** The first of the line whose turn it is; the line goes to the end. */
  shift(): T | undefined {
    const [next] = this.#lines;
    if (next === undefined) return undefined;
    const [owner, line] = next;
    const item = line.shift();
    this.#lines.delete(owner);
    if (line.length > 0) this.#lines.set(owner, line);
    this.#waiting -= 1;
    return item;
  }

  /** Takes the last of the longest line, if that is longer than the line of who comes would be. */
  #giveWay(length: number): T | undefined {
    const [longest] = [...this.#lines].sort(([, a], [, b]) => b.length - a.length);
    if (longest === undefined || longest[1].length <= length + 1) return undefined;
    this.#waiting -= 1;
    return longest[1].pop();
  }
}
