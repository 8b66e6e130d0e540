import { TooMany } from './http-error.ts';

const MOST_BUCKETS = 10_000;

interface Bucket {
  failures: number;
  at: number;
}

/**
 * Slows down whoever fails to enrol, by address and by organization: guessing join tokens is hopeless already, this
 * keeps it cheap for the hub. Successes cost nothing, so that a thousand clusters behind one address may join at once.
 */
export class EnrolLimiter {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** `now` in milliseconds. @throws TooMany */
  check(key: string, now: number): void {
    const bucket = this.#current(key, now);
    if (bucket === undefined || bucket.failures < this.#burst) return;
    const wait = Math.ceil((bucket.failures - this.#burst + 1) / this.#perSecond);
    throw new TooMany(wait, 'Too many enrolments have failed', 'this address or this organization has sent too many tokens that are not valid');
  }

  failed(key: string, now: number): void {
    const bucket = this.#current(key, now) ?? { failures: 0, at: now };
    bucket.failures = Math.min(bucket.failures + 1, this.#burst + 60 * this.#perSecond);
    // Last in the map's order: the first is the one that has not failed for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= MOST_BUCKETS) return;
    // An attack from many addresses: the organization's bucket holds anyway.
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  #current(key: string, now: number): Bucket | undefined {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return undefined;
    bucket.failures = Math.max(0, bucket.failures - ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    return bucket;
  }
}
