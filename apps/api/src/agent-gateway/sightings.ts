import { findCutOff, findUnacknowledged, readAuditSeq, touchAgents } from '@meshfleet/store';
import type { GatewayContext } from './gateway-context.ts';
import type { Listeners } from './listeners.ts';
import type { Switchboard } from './switchboard.ts';

/** Seconds between two heartbeats of an organization. */
export const HEARTBEAT = 30;
/** Seconds in which an agent that is there comes for the state that it was told of. */
const ANSWER_WITHIN = 60;
/** Seconds after which a lost notice of a cut-off is made good. */
export const CUT_OFF_CHECK = 4;

/**
 * Keeps `last_seen_at` and finds what notices missed. At most one statement pair per organization each 30 s, and one row
 * read each 4 s: nothing is done for a single cluster that did not change.
 */
export class Sightings {
  readonly #context: GatewayContext;
  readonly #listeners: Listeners;
  readonly #switchboard: Switchboard;
  readonly #seen = new Map<string, Set<string>>();
  readonly #lastBeat = new Map<string, number>();
  readonly #auditSeq = new Map<string, number>();
  readonly #busy = new Set<string>();

  constructor(context: GatewayContext, listeners: Listeners, switchboard: Switchboard) {
    this.#context = context;
    this.#listeners = listeners;
    this.#switchboard = switchboard;
  }

  /** An agent has spoken. */
  saw(organizationId: string, clusterId: string): void {
    this.#listeners.answered(organizationId, clusterId);
    const seen = this.#seen.get(organizationId);
    if (seen === undefined) this.#seen.set(organizationId, new Set([clusterId]));
    else seen.add(clusterId);
  }

  /** Called every second. */
  beat(): void {
    const now = this.#context.clock();
    for (const organizationId of new Set([...this.#seen.keys(), ...this.#listeners.organizations()])) {
      if (now - (this.#lastBeat.get(organizationId) ?? -Infinity) < HEARTBEAT * 1000) continue;
      // One that is still under way is waited for, and not counted as this one too.
      if (this.#once(`beat ${organizationId}`, () => this.#touch(organizationId))) this.#lastBeat.set(organizationId, now);
    }
    for (const [organizationId, at] of this.#lastBeat) if (now - at > 10 * HEARTBEAT * 1000) this.#lastBeat.delete(organizationId);
  }

  /** Called every few seconds: ends what must not stay open, should its notice be lost. */
  checkCutOffs(): void {
    for (const organizationId of this.#listeners.organizations()) this.#once(`cut ${organizationId}`, () => this.#cutOff(organizationId));
    for (const organizationId of this.#auditSeq.keys()) if (this.#listeners.clusters(organizationId).length === 0) this.#auditSeq.delete(organizationId);
  }

  /** Notices may have been lost: look after every listener now. */
  recheck(): void {
    for (const organizationId of this.#listeners.organizations()) this.#once(`beat ${organizationId}`, () => this.#touch(organizationId));
  }

  async #touch(organizationId: string): Promise<void> {
    const silent = this.#listeners.unanswered(organizationId, this.#context.clock() - ANSWER_WITHIN * 1000);
    const ids = new Set([...this.#listeners.clusters(organizationId), ...(this.#seen.get(organizationId) ?? [])]);
    this.#seen.delete(organizationId);
    if (ids.size === 0) return;
    const { gone, clusters } = await this.#context.store.transaction(organizationId, async (tx) => {
      const gone = silent.length === 0 ? [] : await findUnacknowledged(tx, silent);
      for (const id of gone) ids.delete(id);
      return { gone, clusters: await touchAgents(tx, [...ids]) };
    });
    for (const id of silent) {
      // A machine that lost its power closes no connection, and TCP takes a quarter of an hour to find out.
      if (gone.includes(id)) this.#listeners.endAll(organizationId, id);
      // It has come to another process of the hub.
      else this.#listeners.answered(organizationId, id);
    }
    for (const cluster of clusters) this.#switchboard.tell(organizationId, cluster);
  }

  async #cutOff(organizationId: string): Promise<void> {
    const { store } = this.#context;
    const seq = await store.transaction(organizationId, readAuditSeq, { readOnly: true });
    if (this.#auditSeq.get(organizationId) === seq) return;
    const ids = this.#listeners.clusters(organizationId);
    const cutOff = await store.transaction(organizationId, (tx) => findCutOff(tx, ids), { readOnly: true });
    this.#auditSeq.set(organizationId, seq);
    for (const { id, lifecycle } of cutOff) this.#switchboard.control(organizationId, id, lifecycle === 'EVICTED' ? 'evicted' : 'quarantined');
  }

  /** Not twice at a time: a database that is slow gets no second question on top. Answers whether it was begun. */
  #once(what: string, work: () => Promise<void>): boolean {
    if (this.#busy.has(what)) return false;
    this.#busy.add(what);
    work()
      .catch((error: unknown) => this.#context.logger.warn({ err: error, what }, 'a heartbeat failed; the next one makes it good'))
      .finally(() => this.#busy.delete(what));
    return true;
  }
}
