import type { AgentEvent, PollResponse } from '@meshfleet/protocol';
import type { Listener } from './listener.ts';

/** A poll that waits: the first events answer it. */
export class PollListener implements Listener {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly kid: string;
  cursor: string;
  pending: boolean;
  unansweredSince: number | null = null;
  readonly answer: Promise<PollResponse>;
  #resolve!: (answer: PollResponse) => void;

  constructor(options: { organizationId: string; clusterId: string; kid: string; cursor: string; pending: boolean }) {
    this.organizationId = options.organizationId;
    this.clusterId = options.clusterId;
    this.kid = options.kid;
    this.cursor = options.cursor;
    this.pending = options.pending;
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  send(events: readonly AgentEvent[]): void {
    for (const event of events) if (event.event === 'desired') this.cursor = event.id;
    this.#resolve({ events: [...events], cursor: this.cursor });
  }

  ping(): void {
    // Nothing has been answered yet: there is no stream to keep open.
  }

  end(): void {
    this.send([]);
  }
}
