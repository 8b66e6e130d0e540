import type { QueryCost } from '../graphql/context.ts';

const MINUTE_MS = 60_000;
const MOST_IDENTITIES = 50_000;

/** Points that each identity may spend in a minute, in this process. */
export class Budget {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #spent = new Map<string, { points: number; resetAt: number }>();

  constructor(perMinute: number, now: () => number = Date.now) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes the points. Undefined when there are not enough left: then nothing is taken. */
  spend(identity: string, points: number, limit: number): QueryCost | undefined {
    const window = this.#window(identity);
    if (window.points + points > this.#perMinute) return undefined;
    window.points += points;
    return { points, limit, remaining: this.#perMinute - window.points, resetAt: new Date(window.resetAt).toISOString() };
  }

  /** Seconds until an identity may spend again. */
  waitFor(identity: string): number {
    return Math.max(1, Math.ceil((this.#window(identity).resetAt - this.#now()) / 1000));
  }

  #window(identity: string): { points: number; resetAt: number } {
    const known = this.#spent.get(identity);
    if (known !== undefined && known.resetAt > this.#now()) return known;
    if (this.#spent.size >= MOST_IDENTITIES) this.#spent.clear();
    const fresh = { points: 0, resetAt: this.#now() + MINUTE_MS };
    this.#spent.set(identity, fresh);
    return fresh;
  }
}
