import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { createBackoff, delay } from '@meshfleet/kube';
import type { Facts, InventoryDelta, Report, ReportedCondition, ReportResponse } from '@meshfleet/protocol';
import { reportResponseSchema } from '@meshfleet/protocol';
import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import { HubError } from '../hub/hub-connection.ts';
import { madeGarbage } from '../spare-memory.ts';
import type { Conditions } from './conditions.ts';
import type { Sequence } from './sequence.ts';

export interface Place {
  readonly epoch: number;
  readonly revision: number;
}

/** Where inventory comes from; see observe/inventory.ts. */
export interface InventorySource {
  readonly dirty: boolean;
  take(limit: number): InventoryDelta | undefined;
  /** The hub took it. */
  taken(delta: InventoryDelta): void;
  giveBack(delta: InventoryDelta): void;
  resync(): void;
  /** The hub knows that this revision was carried out, and waits to hear what came of it: also when that is nothing. */
  owe(revision: number): void;
}

export interface ReporterOptions {
  readonly hub: HubConnection;
  signer(): Signer | undefined;
  place(): Place;
  readonly sequence: Sequence;
  readonly conditions: Conditions;
  readonly inventory: InventorySource;
  readonly signal: AbortSignal;
  onProblem?(error: unknown): void;
  onSent?(report: Report): void;
  /** The hub does not know these schemas. */
  onSchemasWanted?(digests: readonly string[]): void;
  readonly timing?: { readonly gatherMs?: number; readonly maxBackoffMs?: number };
}

/** Tells the hub, one report at a time, in the order of sequence; gathers while the hub is away and catches up after. */
export interface Reporter {
  /** The state at this place was processed to its end. Sent at once. */
  acknowledge(place: Place, digest: string): void;
  facts(facts: Facts): void;
  /** Something is dirty: send it soon. */
  poke(): void;
  /** Whatever the hub refused before may be taken now: do not wait any longer. */
  retryNow(): void;
  /** Waits until everything there is to say was said, or the time is over. */
  drain(timeoutMs: number): Promise<void>;
  readonly done: Promise<void>;
}

const ITEMS = 500;
const compress = promisify(gzip);

export function startReporter(options: ReporterOptions): Reporter {
  const { conditions, inventory, signal } = options;
  const backoff = createBackoff({ firstMs: 500, maxMs: options.timing?.maxBackoffMs ?? 30_000 });
  const gatherMs = options.timing?.gatherMs ?? 200;
  let ack: (Place & { readonly digest: string }) | undefined;
  let facts: Facts | undefined;
  let wake: (() => void) | undefined;
  let urgent = false;
  let sending = false;
  let signedBy = '';
  /** Until the hub says so, it is taken for one that does not know of it. */
  let takesUnhealthy = false;
  let pausing = new AbortController();

  const dirty = () => ack !== undefined || facts !== undefined || (conditions.dirty && options.place().epoch > 0) || inventory.dirty;
  const poke = () => wake?.();

  async function sendOne(): Promise<void> {
    const signer = options.signer();
    if (signer === undefined) return;
    signedBy = signer.key.kid;
    const batch = conditions.take(ITEMS);
    const understated = takesUnhealthy ? [] : batch.items.filter(({ status }) => status === 'UNHEALTHY');
    const saidAck = batch.more ? undefined : ack;
    const saidFacts = facts;
    const delta = saidAck === undefined ? inventory.take(ITEMS) : undefined;
    const place = saidAck ?? ack ?? options.place();
    const report: Report = {
      seq: await options.sequence.next(),
      epoch: place.epoch,
      revision: place.revision,
      ...(saidAck === undefined ? {} : { digest: saidAck.digest }),
      conditions: { full: batch.full, items: batch.items.map((item) => (understated.includes(item) ? asApplied(item) : item)) },
      ...(saidFacts === undefined ? {} : { facts: saidFacts }),
      ...(delta === undefined ? {} : { inventory: delta }),
    };
    try {
      const taken = await post(options.hub, signer, report, signal);
      options.sequence.seen(taken.seq);
      // The hub knew a higher number than ours, so it did not read this report: say it all again, under a number that it takes.
      if (taken.seq > report.seq) throw new HubError(0, 'CONFLICT', 'The hub has seen later reports than this one');
      if (saidAck !== undefined) inventory.owe(saidAck.revision);
      if (saidAck !== undefined && ack === saidAck) ack = undefined;
      if (facts === saidFacts) facts = undefined;
      if (delta !== undefined) inventory.taken(delta);
      if (delta !== undefined && delta.upsert.length >= ITEMS / 2) madeGarbage();
      if (taken.resyncInventory === true) inventory.resync();
      if (taken.wantSchemas !== undefined) options.onSchemasWanted?.(taken.wantSchemas);
      takesUnhealthy = taken.accepts?.includes('UNHEALTHY') === true;
      if (takesUnhealthy && understated.length > 0) conditions.giveBack({ full: false, items: understated, more: false });
      backoff.reset();
      options.onSent?.(report);
    } catch (error) {
      // An older hub has taken the place of the one that said so.
      if (error instanceof HubError && error.status === 400) takesUnhealthy = false;
      conditions.giveBack(batch);
      if (delta !== undefined) inventory.giveBack(delta);
      throw error;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (!dirty()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        wake = undefined;
        continue;
      }
      // Acknowledgements do not wait; the rest gathers a little, so that many changes make one report.
      if (ack === undefined && !urgent) {
        await Promise.race([delay(gatherMs, signal), new Promise<void>((resolve) => { wake = () => { if (ack !== undefined || urgent) resolve(); }; })]);
        wake = undefined;
      }
      try {
        sending = true;
        await sendOne();
      } catch (error) {
        if (signal.aborted) return;
        options.onProblem?.(error);
        sending = false;
        pausing = new AbortController();
        // Signed by a key that was replaced on the way: only the signature is to be made anew.
        const rekeyed = options.signer()?.key.kid !== signedBy;
        await delay(rekeyed ? 0 : (pauseFor(error) ?? backoff.next()), AbortSignal.any([signal, pausing.signal]));
      } finally {
        sending = false;
      }
    }
  }

  const done = run();
  return {
    acknowledge(place, digest) {
      ack = { ...place, digest };
      poke();
    },
    facts(value) {
      facts = value;
      poke();
    },
    poke,
    retryNow: () => pausing.abort(),
    async drain(timeoutMs) {
      urgent = true;
      poke();
      const end = Date.now() + timeoutMs;
      while ((dirty() || sending) && Date.now() < end && !signal.aborted) await delay(10);
    },
    done,
  };
}

function pauseFor(error: unknown): number | undefined {
  if (!(error instanceof HubError)) return undefined;
  if (error.code === 'CONFLICT') return 0;
  // Not approved yet, quarantined or evicted: the event stream tells when that changes.
  if (error.status === 401 || error.status === 403) return 30_000 + Math.random() * 30_000;
  return error.retryAfterMs === undefined ? undefined : Math.min(error.retryAfterMs, 300_000) * (1 + Math.random() / 2);
}

/** What an older hub is told of an object that is not well. */
const asApplied = ({ key, policyId, observedAt }: ReportedCondition): ReportedCondition => ({ key, policyId, observedAt, status: 'APPLIED', reason: 'Applied', message: '' });

async function post(hub: HubConnection, signer: Signer, report: Report, signal: AbortSignal): Promise<ReportResponse> {
  const text = Buffer.from(JSON.stringify(report));
  const packed = text.length > 1_024;
  const body = packed ? await compress(text) : text;
  const answer = await hub.send({ method: 'POST', path: '/agent/v1/report', body, headers: packed ? { 'content-encoding': 'gzip' } : {}, signer, signal });
  const parsed = reportResponseSchema.safeParse(JSON.parse(answer.body.toString('utf8')));
  if (!parsed.success) throw new HubError(0, 'PROTOCOL_UNSUPPORTED', 'The hub answered a report in a way that this agent does not understand');
  return parsed.data;
}
