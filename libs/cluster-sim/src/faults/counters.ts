/** Traffic of one verb on one resource. */
export interface Traffic {
  requests: number;
  bytesIn: number;
  bytesOut: number;
}

export interface RequestCounters {
  readonly total: Traffic;
  /** By `verb resource`: `list virtualservices.networking.istio.io`, `get /version`. Verbs as Kubernetes counts them; server-side apply is `apply`. */
  readonly byRequest: { readonly [request: string]: Readonly<Traffic> };
}

/** Counts requests and body bytes. Watches count their bytes as they flow. */
export class Counters {
  #total: Traffic = zero();
  #byRequest = new Map<string, Traffic>();

  request(label: string): void {
    this.#both(label, (traffic) => (traffic.requests += 1));
  }

  received(label: string, bytes: number): void {
    this.#both(label, (traffic) => (traffic.bytesIn += bytes));
  }

  sent(label: string, bytes: number): void {
    this.#both(label, (traffic) => (traffic.bytesOut += bytes));
  }

  read(): RequestCounters {
    return {
      total: { ...this.#total },
      byRequest: Object.fromEntries([...this.#byRequest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, traffic]) => [label, { ...traffic }])),
    };
  }

  reset(): void {
    this.#total = zero();
    this.#byRequest = new Map();
  }

  #both(label: string, add: (traffic: Traffic) => void): void {
    let traffic = this.#byRequest.get(label);
    if (traffic === undefined) {
      traffic = zero();
      this.#byRequest.set(label, traffic);
    }
    add(traffic);
    add(this.#total);
  }
}

function zero(): Traffic {
  return { requests: 0, bytesIn: 0, bytesOut: 0 };
}
