import type { AgentEvent } from '@meshfleet/protocol';

/** Someone who waits for news of one cluster: an open stream or a poll. */
export interface Listener {
  readonly organizationId: string;
  readonly clusterId: string;
  /** Key that opened it. */
  readonly kid: string;
  /** Cursor of the last `desired` that it has heard of. */
  cursor: string;
  /** True while it may not have more than control events. */
  pending: boolean;
  /** Since when it has news that it has not come for, by the gateway's clock; null when it owes nothing. */
  unansweredSince: number | null;
  send(events: readonly AgentEvent[]): void;
  /** Keeps the connection open; polls have no use for it. */
  ping(): void;
  end(): void;
}
