import type { ServerResponse } from 'node:http';
import { MeshfleetError } from '@meshfleet/model';
import { parseCursor, POLL_WAIT, STREAM_PING } from '@meshfleet/protocol';
import type { PollResponse } from '@meshfleet/protocol';
import { checkLifecycle } from './authenticate.ts';
import type { AuthenticatedAgent, Authenticator } from './authenticate.ts';
import { controlEvent, taskEvents } from './switchboard.ts';
import type { Switchboard } from './switchboard.ts';
import { desiredEvent } from './desired-event.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Listener } from './listener.ts';
import type { Listeners } from './listeners.ts';
import { PollListener } from './poll-listener.ts';
import type { RestoredHub } from './restored-hub.ts';
import { SseListener } from './sse-listener.ts';
import type { Ticker } from './ticker.ts';

export interface ListenRequest {
  readonly cursor: string;
  readonly evidence: string | undefined;
}

interface Parts {
  readonly context: GatewayContext;
  readonly listeners: Listeners;
  readonly switchboard: Switchboard;
  readonly ticker: Ticker;
  readonly agents: Authenticator['agents'];
  readonly restoredHub: RestoredHub;
}

/** Connections of one process that listen; more are sent to another one. */
const MOST_LISTENERS = 20_000;

/** `GET /agent/v1/stream` and `GET /agent/v1/poll`: how agents hear of what changed. */
export class Listen {
  readonly #parts: Parts;
  #draining = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Opens an event stream on the response. The state is said once whatever the cursor, since an agent may have lost what
   * it held; then on every change.
   * @param takeOver called when nothing can be refused any more and the response is the stream's own
   * @throws MeshfleetError before that
   */
  async stream(agent: AuthenticatedAgent, request: ListenRequest, response: ServerResponse, takeOver: () => void): Promise<void> {
    await this.#admit(agent, request);
    takeOver();
    if (response.destroyed) return;
    const { listeners, ticker, context } = this.#parts;
    const listener = new SseListener(response, optionsOf(agent, request));
    const stopPing = ticker.every(STREAM_PING, () => listener.ping());
    response.on('close', () => {
      stopPing();
      listeners.remove(listener);
    });
    // Errors of a broken connection are followed by close.
    response.on('error', () => undefined);
    listener.open(500 + 1500 * context.random());
    listeners.add(listener);
    await this.#greet(agent, listener, true);
  }

  /** Answers with the first news, or with none after the wait. @throws MeshfleetError */
  async poll(agent: AuthenticatedAgent, request: ListenRequest & { readonly wait: number }): Promise<PollResponse> {
    await this.#admit(agent, request);
    const { listeners, ticker } = this.#parts;
    const listener = new PollListener(optionsOf(agent, request));
    const stopWaiting = request.wait <= 0 ? () => undefined : ticker.after(Math.min(request.wait, POLL_WAIT), () => listener.end());
    listeners.add(listener);
    try {
      await this.#greet(agent, listener, false);
      if (request.wait <= 0) listener.end();
      return await listener.answer;
    } finally {
      stopWaiting();
      listeners.remove(listener);
    }
  }

  /** Sends everybody away, each to come back at a time of its own. */
  drain(): void {
    this.#draining = true;
    const { listeners, context } = this.#parts;
    for (const listener of listeners.all()) {
      listeners.remove(listener);
      if (listener instanceof SseListener) listener.end(500 + 4500 * context.random());
      else listener.end();
    }
  }

  async #admit(agent: AuthenticatedAgent, request: ListenRequest): Promise<void> {
    if (this.#draining || this.#parts.listeners.size >= MOST_LISTENERS) {
      throw new MeshfleetError({
        code: 'STORE_UNAVAILABLE',
        summary: this.#draining ? 'This process of the hub is shutting down' : 'This process of the hub has all the connections that it takes',
        fix: 'Connect again; another process answers.',
      });
    }
    checkLifecycle(agent.cluster, 'listen');
    const cursor = parseCursor(request.cursor);
    if (agent.cluster.lifecycle === 'ACTIVE') await this.#parts.restoredHub.detect(agent, cursor, request.evidence);
  }

  /**
   * Reads the cluster again now that the listener is in its place: whatever is announced from here on reaches it, and
   * whatever was announced since the request was authenticated is in the row.
   */
  async #greet(agent: AuthenticatedAgent, listener: Listener, always: boolean): Promise<void> {
    const { agents, switchboard } = this.#parts;
    const cluster = await agents.load(agent.organizationId, agent.cluster.id).catch((error: unknown) => {
      this.#parts.context.logger.warn({ err: error, clusterId: agent.cluster.id }, 'a listener could not be greeted; the heartbeat makes it good');
      return undefined;
    });
    if (cluster === undefined) return;
    const active = cluster.lifecycle === 'ACTIVE' && cluster.signKid === listener.kid;
    if (!always || !active) return switchboard.tellOne(listener, cluster);
    // An agent that holds nothing may still wait for an approval that it was not there to hear of.
    const approved = listener.pending || parseCursor(listener.cursor).revision === 0 ? [controlEvent('approved')] : [];
    const desired = cluster.desiredRevision > 0 || parseCursor(listener.cursor).revision > 0 ? [desiredEvent(cluster)] : [];
    listener.pending = false;
    const events = [...approved, ...desired, ...taskEvents(cluster)];
    if (events.length > 0) listener.send(events);
  }
}

function optionsOf({ organizationId, cluster, token }: AuthenticatedAgent, { cursor }: ListenRequest) {
  return { organizationId, clusterId: cluster.id, kid: token.kid, cursor, pending: cluster.lifecycle === 'PENDING_APPROVAL' };
}
