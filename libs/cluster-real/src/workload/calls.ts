/** One HTTP request from inside a workload. */
export interface CallSpec {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Of an https URL: roots in PEM that the server must show a certificate of. */
  readonly ca?: string;
  /** Of an https URL: the name in the handshake, where it is not the URL's; an empty one sends none. */
  readonly serverName?: string;
}

/** What came of it: a code, or the error of the connection (`ECONNRESET`, `ECONNREFUSED`, `TIMEOUT`). */
export interface CallAnswer {
  readonly code?: number | undefined;
  /** Which version, pod and cluster of the application answered; empty when a proxy did. */
  readonly version?: string;
  readonly pod?: string;
  readonly cluster?: string;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string;
  readonly error?: string;
}

export interface TrafficSpec extends CallSpec {
  readonly perSecond: number;
  /** Ends by itself after so many calls. */
  readonly total?: number;
}

export interface TrafficCounts {
  sent: number;
  answered: number;
  readonly byCode: Record<string, number>;
  readonly byVersion: Record<string, number>;
  readonly byCluster: Record<string, number>;
  readonly byError: Record<string, number>;
  /** What proxies said of calls that they failed by themselves (status 5xx). */
  readonly byProxyError: Record<string, number>;
}

/** How the application answers from now on, whatever it is asked. */
export interface Behaviour {
  /** Status of its answers; 200 by default. */
  readonly status?: number;
  /** How long it takes for one. */
  readonly delayMs?: number;
}
