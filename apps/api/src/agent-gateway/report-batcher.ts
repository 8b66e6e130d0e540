import { MeshfleetError } from '@meshfleet/model';
import type { Report } from '@meshfleet/protocol';
import { writeReports } from '@meshfleet/store';
import type { ReportAnswer } from '@meshfleet/store';
import type { GatewayContext } from './gateway-context.ts';
import type { GatewayObserver } from './observe-gateway.ts';

/**
 * How long the first report of a batch waits for others, in milliseconds. Short, because it is part of how long a change
 * takes; what comes while a batch is written gathers by itself.
 */
const WINDOW = 20;
const MOST_REPORTS = 500;
const MOST_BYTES = 16 * 1024 * 1024;
/** Bytes of reports that may wait in one process. Beyond, agents are asked to come back. */
const MOST_WAITING = 256 * 1024 * 1024;

interface Waiting {
  readonly clusterId: string;
  readonly report: Report;
  readonly bytes: number;
  readonly resolve: (answer: ReportAnswer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  queue: Waiting[];
  timer: NodeJS.Timeout | undefined;
  writing: Promise<void> | undefined;
}

/**
 * Gathers the reports of an organization's agents into one write. One write per organization at a time; what comes
 * meanwhile is the next. An answer says that the report is committed.
 */
export class ReportBatcher {
  readonly #context: Pick<GatewayContext, 'store'>;
  readonly #observer: Pick<GatewayObserver, 'committed'>;
  readonly #lanes = new Map<string, Lane>();
  #bytes = 0;

  constructor(context: Pick<GatewayContext, 'store'>, observer: Pick<GatewayObserver, 'committed'>) {
    this.#context = context;
    this.#observer = observer;
  }

  /** Undefined: the cluster may not report any more. @throws MeshfleetError STORE_UNAVAILABLE when too much waits already */
  submit(organizationId: string, clusterId: string, report: Report, bytes: number): Promise<ReportAnswer | undefined> {
    this.checkRoom(bytes);
    this.#bytes += bytes;
    const lane = this.#laneOf(organizationId);
    const answer = new Promise<ReportAnswer | undefined>((resolve, reject) => {
      lane.queue.push({ clusterId, report, bytes, resolve, reject });
    }).finally(() => {
      this.#bytes -= bytes;
    });
    if (lane.writing === undefined) lane.timer ??= setTimeout(() => this.#start(organizationId, lane), WINDOW);
    return answer;
  }

  /** @throws MeshfleetError STORE_UNAVAILABLE */
  checkRoom(bytes: number): void {
    if (this.#bytes + bytes <= MOST_WAITING) return;
    throw new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'The hub has more reports than it can write', fix: 'Send the report again later.' });
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    for (const [organizationId, lane] of this.#lanes) if (lane.writing === undefined) this.#start(organizationId, lane);
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map(({ writing }) => writing ?? Promise.resolve()));
  }

  #laneOf(organizationId: string): Lane {
    const known = this.#lanes.get(organizationId);
    if (known !== undefined) return known;
    const lane: Lane = { queue: [], timer: undefined, writing: undefined };
    this.#lanes.set(organizationId, lane);
    return lane;
  }

  #start(organizationId: string, lane: Lane): void {
    clearTimeout(lane.timer);
    lane.timer = undefined;
    lane.writing = this.#writeAll(organizationId, lane).finally(() => {
      lane.writing = undefined;
      // Between the last look at the queue and this, somebody may have come.
      if (lane.queue.length > 0) this.#start(organizationId, lane);
      else this.#lanes.delete(organizationId);
    });
  }

  async #writeAll(organizationId: string, lane: Lane): Promise<void> {
    while (lane.queue.length > 0) {
      const batch = takeBatch(lane);
      await this.#write(organizationId, batch);
    }
  }

  /** Never rejects. When a batch fails, each report is tried alone: one that cannot be written takes no others with it. */
  async #write(organizationId: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#context.store.transaction(organizationId, (tx) => writeReports(tx, batch));
      this.#observer.committed(organizationId, batch);
      for (const { clusterId, resolve } of batch) resolve(answers.get(clusterId));
    } catch (error) {
      const isolates = batch.length > 1 && !(error instanceof MeshfleetError && error.code === 'STORE_UNAVAILABLE');
      if (isolates) for (const each of batch) await this.#write(organizationId, [each]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

/** At most one report of each cluster, and no more than fits; the rest stays in its order. */
function takeBatch(lane: Lane): Waiting[] {
  const batch = new Map<string, Waiting>();
  const rest: Waiting[] = [];
  let bytes = 0;
  for (const waiting of lane.queue) {
    const fits = batch.size === 0 || (batch.size < MOST_REPORTS && bytes + waiting.bytes <= MOST_BYTES);
    if (!fits || batch.has(waiting.clusterId)) rest.push(waiting);
    else {
      batch.set(waiting.clusterId, waiting);
      bytes += waiting.bytes;
    }
  }
  lane.queue = rest;
  return [...batch.values()];
}
