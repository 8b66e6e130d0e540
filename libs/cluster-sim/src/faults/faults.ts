import { expired, tooManyRequests, type StatusError } from '../server/status-error.ts';

/** Which requests a fault meets; what is left out matches all. */
export interface FaultTarget {
  readonly verb?: string;
  /** Plural with group: `virtualservices.networking.istio.io`. */
  readonly resource?: string;
}

/** Failures on demand, as networks and API servers have them. */
export interface FaultControl {
  /** Holds answers back. */
  latency(milliseconds: number, target?: FaultTarget): void;
  /** 429 for the next `count` requests, or for a share of them (`{ ratio: 0.3 }`). */
  tooManyRequests(amount: number | { readonly ratio: number }, retryAfterSeconds?: number, target?: FaultTarget): void;
  /**
   * The next lists and watches that name a resource version get 410: as an HTTP status, or as the ERROR event that kube-apiserver prefers for
   * watches. `count` requests; 1 by default.
   */
  gone(options?: { readonly as?: 'status' | 'event'; readonly count?: number } & FaultTarget): void;
  /** Ends every watch now: cleanly, or in the middle of a line with the connection reset. */
  cutWatches(how?: 'clean' | 'halfLine' | 'reset'): void;
  /** Watches stay open and say nothing, not even bookmarks, until `resume`. */
  stallWatches(target?: FaultTarget): void;
  /** The next `count` requests are answered with this status. */
  fail(status: number, count?: number, target?: FaultTarget): void;
  /** Refuses and cuts all connections, as if the cluster were gone, until `resume`. */
  partition(): void;
  /** Ends stalls and partitions; held events flow. */
  resume(): void;
  /** Ends everything. */
  clear(): void;
}

/** A request as faults see it. */
export interface FaultSubject {
  readonly verb: string;
  readonly resource: string;
  /** True when a list or watch names a resource version (other than 0) or a continue token. */
  readonly resumes: boolean;
}

/** What is to happen to one request. */
export interface Verdict {
  readonly delayMs: number;
  readonly error?: StatusError | { readonly status: number };
  /** 410 as the first event of a watch. */
  readonly goneEvent: boolean;
}

/** A watch that faults can reach. */
export interface FaultyWatch {
  readonly resource: string;
  cut(how: 'clean' | 'halfLine' | 'reset'): void;
  stall(): void;
  resume(): void;
}

interface Rule {
  readonly target: FaultTarget;
  remaining: number;
  readonly ratio: number;
  decide(verdict: Mutable<Verdict>): void;
  readonly onlyResuming: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Keeps the faults of one cluster and judges each request. */
export class Faults implements FaultControl {
  readonly #watches = new Set<FaultyWatch>();
  readonly #random: () => number;
  readonly #cutAll: () => void;
  #rules: Rule[] = [];
  #stalled: FaultTarget[] = [];
  #partitioned = false;

  constructor(options: { random: () => number; cutAll: () => void }) {
    this.#random = options.random;
    this.#cutAll = options.cutAll;
  }

  get partitioned(): boolean {
    return this.#partitioned;
  }

  judge(subject: FaultSubject): Verdict {
    const verdict: Mutable<Verdict> = { delayMs: 0, goneEvent: false };
    for (const rule of this.#rules) {
      if (rule.remaining <= 0 || !meets(rule.target, subject) || (rule.onlyResuming && !subject.resumes)) continue;
      if (rule.ratio < 1 && this.#random() >= rule.ratio) continue;
      rule.remaining -= 1;
      rule.decide(verdict);
    }
    this.#rules = this.#rules.filter((rule) => rule.remaining > 0);
    return verdict;
  }

  /** A watch registers itself; answers how to take it off again. */
  register(watch: FaultyWatch): () => void {
    this.#watches.add(watch);
    if (this.#stalled.some((target) => meets(target, { verb: 'watch', resource: watch.resource }))) watch.stall();
    return () => this.#watches.delete(watch);
  }

  latency(milliseconds: number, target: FaultTarget = {}): void {
    this.#rule(target, Number.POSITIVE_INFINITY, 1, (verdict) => (verdict.delayMs += milliseconds));
  }

  tooManyRequests(amount: number | { readonly ratio: number }, retryAfterSeconds = 1, target: FaultTarget = {}): void {
    const error = tooManyRequests('Too many requests, please try again later.', retryAfterSeconds);
    const [count, ratio] = typeof amount === 'number' ? [amount, 1] : [Number.POSITIVE_INFINITY, amount.ratio];
    this.#rule(target, count, ratio, (verdict) => (verdict.error = error));
  }

  gone(options: { readonly as?: 'status' | 'event'; readonly count?: number } & FaultTarget = {}): void {
    const { as = 'status', count = 1, ...target } = options;
    const decide = (verdict: Mutable<Verdict>): void => {
      if (as === 'event') verdict.goneEvent = true;
      else verdict.error = expired('The provided resource version is too old');
    };
    this.#rule(as === 'event' ? { verb: 'watch', ...target } : target, count, 1, decide, true);
  }

  fail(status: number, count = 1, target: FaultTarget = {}): void {
    this.#rule(target, count, 1, (verdict) => (verdict.error = { status }));
  }

  cutWatches(how: 'clean' | 'halfLine' | 'reset' = 'clean'): void {
    for (const watch of [...this.#watches]) watch.cut(how);
  }

  stallWatches(target: FaultTarget = {}): void {
    this.#stalled.push(target);
    for (const watch of this.#watches) if (meets(target, { verb: 'watch', resource: watch.resource })) watch.stall();
  }

  partition(): void {
    this.#partitioned = true;
    this.#cutAll();
  }

  resume(): void {
    this.#stalled = [];
    this.#partitioned = false;
    for (const watch of this.#watches) watch.resume();
  }

  clear(): void {
    this.#rules = [];
    this.resume();
  }

  #rule(target: FaultTarget, remaining: number, ratio: number, decide: Rule['decide'], onlyResuming = false): void {
    this.#rules.push({ target, remaining, ratio, decide, onlyResuming });
  }
}

function meets(target: FaultTarget, subject: Pick<FaultSubject, 'verb' | 'resource'>): boolean {
  return (target.verb === undefined || target.verb === subject.verb) && (target.resource === undefined || target.resource === subject.resource);
}
