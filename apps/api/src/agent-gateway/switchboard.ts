import type { AgentEvent, ControlType } from '@meshfleet/protocol';
import type { AgentRow, ControlNotice } from '@meshfleet/store';
import { desiredEvent, hasNews } from './desired-event.ts';
import type { Listener } from './listener.ts';
import type { Listeners } from './listeners.ts';
import type { GatewayObserver } from './observe-gateway.ts';

/** Brings to listeners what has become of their clusters. Saying the same twice says nothing: cursors remember. */
export class Switchboard {
  readonly #listeners: Listeners;
  readonly #observer: Pick<GatewayObserver, 'told'>;
  readonly #clock: () => number;

  constructor(listeners: Listeners, observer: Pick<GatewayObserver, 'told'>, clock: () => number) {
    this.#listeners = listeners;
    this.#observer = observer;
    this.#clock = clock;
  }

  /** The cluster as it is now: state, approval, cut-off, keys. */
  tell(organizationId: string, cluster: AgentRow): void {
    for (const listener of this.#listeners.of(organizationId, cluster.id)) this.tellOne(listener, cluster);
  }

  tellOne(listener: Listener, cluster: AgentRow): void {
    if (cluster.lifecycle === 'QUARANTINED') return this.#cut(listener, 'quarantined');
    if (cluster.lifecycle === 'EVICTED') return this.#cut(listener, 'evicted');
    if (cluster.signKid !== listener.kid) return this.#end(listener);
    if (cluster.lifecycle !== 'ACTIVE') return;
    const approved = listener.pending ? [controlEvent('approved')] : [];
    listener.pending = false;
    const news = hasNews(listener.cursor, cluster) ? [desiredEvent(cluster)] : [];
    if (news.length > 0) {
      this.#observer.told(listener, cluster.epoch, cluster.desiredRevision);
      listener.unansweredSince ??= this.#clock();
    }
    const events = [...approved, ...news, ...taskEvents(cluster)];
    if (events.length > 0) listener.send(events);
  }

  control(organizationId: string, clusterId: string, notice: ControlNotice): void {
    for (const listener of this.#listeners.of(organizationId, clusterId)) {
      if (notice === 'quarantined' || notice === 'evicted') this.#cut(listener, notice);
      // Which key holds now is in the row; whoever still holds the right one comes back at once.
      else if (notice === 'rekeyed') this.#end(listener);
      else if (notice === 'approved' && !listener.pending) continue;
      else {
        if (notice === 'approved') listener.pending = false;
        listener.send([controlEvent(notice)]);
      }
    }
  }

  #cut(listener: Listener, type: 'quarantined' | 'evicted'): void {
    listener.send([controlEvent(type)]);
    this.#end(listener);
  }

  #end(listener: Listener): void {
    this.#listeners.remove(listener);
    listener.end();
  }
}

export function controlEvent(type: ControlType): { readonly event: 'control'; readonly data: { readonly type: ControlType } } {
  return { event: 'control', data: { type } };
}

/** Nothing is said of which: the agent fetches them, and is told no more of those that it has. */
export function taskEvents(cluster: AgentRow): readonly AgentEvent[] {
  return cluster.hasTasks ? [{ event: 'task', data: {} }] : [];
}
