import type { ServerResponse } from 'node:http';
import type { AgentEvent } from '@meshfleet/protocol';
import { eventFrame, PING_FRAME, retryFrame } from './event-frame.ts';
import type { Listener } from './listener.ts';

/** Bytes that may wait for a slow reader. Beyond, it is cut off and comes back: everything it missed is said again. */
const MOST_UNSENT = 256 * 1024;

export interface SseOptions {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly kid: string;
  readonly cursor: string;
  readonly pending: boolean;
}

/** An open event stream. Costs one response and this object: no timer, no buffer of its own. */
export class SseListener implements Listener {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly kid: string;
  cursor: string;
  pending: boolean;
  unansweredSince: number | null = null;
  readonly #response: ServerResponse;

  constructor(response: ServerResponse, options: SseOptions) {
    this.organizationId = options.organizationId;
    this.clusterId = options.clusterId;
    this.kid = options.kid;
    this.cursor = options.cursor;
    this.pending = options.pending;
    this.#response = response;
  }

  /** `X-Accel-Buffering` and `no-transform` keep proxies from holding events back. */
  open(retryMs: number): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    this.#write(retryFrame(retryMs));
  }

  send(events: readonly AgentEvent[]): void {
    for (const event of events) {
      if (event.event === 'desired') this.cursor = event.id;
      this.#write(eventFrame(event));
    }
  }

  ping(): void {
    this.#write(PING_FRAME);
  }

  end(retryMs?: number): void {
    if (retryMs !== undefined) this.#write(retryFrame(retryMs));
    if (!this.#response.writableEnded) this.#response.end();
  }

  #write(frame: Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.writableLength > MOST_UNSENT) this.#response.destroy();
    else this.#response.write(frame);
  }
}
