import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditLog } from '../faults/audit-log.ts';
import type { Counters } from '../faults/counters.ts';
import type { Faults, Verdict } from '../faults/faults.ts';
import type { Auth, UserInfo } from '../seam.ts';
import type { Engine } from './objects/engine.ts';

/** What the HTTP side of a cluster works with. */
export interface ApiServer {
  readonly engine: Engine;
  readonly auth: Auth;
  readonly counters: Counters;
  readonly faults: Faults;
  readonly audit: AuditLog | undefined;
  readonly versionInfo: { readonly [field: string]: string };
  /** Address that discovery tells, host:port. */
  address(): string;
  readonly bookmarkIntervalMs: number;
}

/** One request on its way through the server. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: UserInfo;
  /** Under which name the request is counted. */
  readonly label: string;
  readonly verdict: Verdict;
}
