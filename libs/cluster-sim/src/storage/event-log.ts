import type { KubeObject } from '@meshfleet/model';

/** One committed change of one object. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly resourceVersion: number;
  /** The object after the change; for DELETED the last state, with the resource version of its deletion. */
  readonly object: KubeObject;
  readonly old?: KubeObject;
}

/**
 * The bounded history of one resource. Watches resume from it, and reads at an older resource version undo it.
 * What fell out of it is "too old": 410.
 */
export class EventLog {
  readonly limit: number;
  #changes: Change[] = [];
  #forgotten = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  append(change: Change): void {
    this.#changes.push(change);
    // Trimmed in batches: shifting one by one would move the array each time.
    if (this.#changes.length >= this.limit * 2) this.#dropFirst(this.#changes.length - this.limit);
  }

  /** True when everything after `resourceVersion` is still known. */
  covers(resourceVersion: number): boolean {
    return resourceVersion >= this.#forgotten;
  }

  /** The highest resource version whose change is forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Changes after a resource version, oldest first. Only meaningful when {@link covers} it. */
  after(resourceVersion: number): readonly Change[] {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle] as Change).resourceVersion <= resourceVersion) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#changes : this.#changes.slice(low);
  }

  /** Forgets all that happened up to and including a resource version. */
  compact(resourceVersion: number): void {
    this.#changes = [...this.after(resourceVersion)];
    this.#forgotten = Math.max(this.#forgotten, resourceVersion);
  }

  #dropFirst(count: number): void {
    this.#forgotten = this.#changes[count - 1]?.resourceVersion ?? this.#forgotten;
    this.#changes = this.#changes.slice(count);
  }
}
