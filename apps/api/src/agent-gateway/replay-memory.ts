import { REPLAY_WINDOW } from '@meshfleet/protocol';

/**
 * Remembers the ids of tokens for as long as they could be used again, in two generations: no timer, and no more memory
 * than two windows of requests. Across processes replays are harmless by construction: GETs read, reports carry a sequence.
 */
export class ReplayMemory {
  #young = new Set<string>();
  #old = new Set<string>();
  #since = 0;

  /** True the first time. `now` in seconds since 1970. */
  isFirst(clusterId: string, jti: string, now: number): boolean {
    if (now - this.#since > REPLAY_WINDOW) {
      this.#old = now - this.#since > 2 * REPLAY_WINDOW ? new Set() : this.#young;
      this.#young = new Set();
      this.#since = now;
    }
    const id = `${clusterId} ${jti}`;
    if (this.#young.has(id) || this.#old.has(id)) return false;
    this.#young.add(id);
    return true;
  }
}
