import { createBackoff, delay } from '@meshfleet/kube';
import type { AgentEvent } from '@meshfleet/protocol';
import { agentEventSchema, pollResponseSchema, POLL_WAIT } from '@meshfleet/protocol';
import type { HubConnection, HubRequest, Signer } from './hub-connection.ts';
import { HubError } from './hub-connection.ts';
import type { ServerSentEvent } from './sse-parser.ts';
import { createSseParser } from './sse-parser.ts';

export interface ListenTiming {
  /** The hub sends a comment every 30 s; silence for this long means that the stream is dead or held up by a proxy. */
  readonly silenceMs: number;
  /** A stream that lived this long was a good one. */
  readonly goodMs: number;
  /** How long to poll after streams were cut repeatedly, before one is tried again. */
  readonly pollForMs: number;
  readonly pollWaitSeconds: number;
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Pause while the hub refuses this cluster, or does not know it. */
  readonly refusedMs: number;
}

const TIMING: ListenTiming = { silenceMs: 75_000, goodMs: 45_000, pollForMs: 600_000, pollWaitSeconds: POLL_WAIT, firstBackoffMs: 500, maxBackoffMs: 30_000, refusedMs: 60_000 };
/** Somebody ends a quarantine, and then waits for the cluster: it asks more often than one that the hub does not know. */
const QUARANTINE_PAUSE_MS = 10_000;
const BAD_STREAMS = 3;

export interface ListenOptions {
  readonly hub: HubConnection;
  signer(): Signer | undefined;
  /** What the agent holds, as a cursor. */
  cursor(): string;
  /** Proof that the cursor was once the hub's: the signature of the state that is held. */
  evidence(): { readonly [header: string]: string };
  onEvent(event: AgentEvent): void;
  /** The connection to the hub is up, by which way, or down and why. */
  onState(state: { readonly connected: boolean; readonly by: 'stream' | 'poll'; readonly error?: unknown }): void;
  readonly signal: AbortSignal;
  readonly timing?: Partial<ListenTiming>;
  readonly random?: () => number;
}

/** Hears what the hub has to say until the signal: by stream, and by long-poll where streams do not live. Never rejects. */
export async function listen(options: ListenOptions): Promise<void> {
  const timing = { ...TIMING, ...options.timing };
  const random = options.random ?? Math.random;
  const backoff = createBackoff({ firstMs: timing.firstBackoffMs, maxMs: timing.maxBackoffMs, random });
  let badStreams = 0;
  let pollUntil = 0;
  while (!options.signal.aborted) {
    const polling = Date.now() < pollUntil;
    const startedAt = Date.now();
    let error: unknown;
    let heard = false;
    try {
      if (polling) heard = await poll(options, timing);
      else heard = await stream(options, timing);
    } catch (thrown) {
      error = thrown;
    }
    if (options.signal.aborted) return;
    const good = error === undefined && (polling || Date.now() - startedAt >= timing.goodMs);
    if (good) {
      backoff.reset();
      if (!polling) badStreams = 0;
      if (polling) continue;
    } else if (!polling && streamTrouble(error)) {
      // An end that the hub announced by an event is no sign of a bad path.
      badStreams = heard && error === undefined && badStreams === 0 ? badStreams : badStreams + 1;
      if (badStreams >= BAD_STREAMS) {
        pollUntil = Date.now() + timing.pollForMs;
        badStreams = 0;
        backoff.reset();
        continue;
      }
    }
    // Polls fail too: it is the hub that is away, and not the streams that are cut.
    if (polling && error instanceof HubError && error.status === 0) pollUntil = 0;
    options.onState({ connected: false, by: polling ? 'poll' : 'stream', ...(error === undefined ? {} : { error }) });
    await delay(pauseFor(error, timing, random) ?? backoff.next(), options.signal);
  }
}

/** Whether a failed stream may say something about streams. When the hub said no it does not; when it is down altogether, the first poll will tell. */
const streamTrouble = (error: unknown): boolean => error === undefined || (error instanceof HubError && error.status === 0);
const CUT = 'The event stream was cut';

function pauseFor(error: unknown, timing: ListenTiming, random: () => number): number | undefined {
  if (!(error instanceof HubError)) return undefined;
  if (error.code === 'CLUSTER_QUARANTINED') return Math.min(timing.refusedMs, QUARANTINE_PAUSE_MS) * (0.75 + random() / 2);
  // Evicted, or not known: asking often changes nothing.
  if (error.status === 401 || error.status === 403) return timing.refusedMs * (0.75 + random() / 2);
  return error.retryAfterMs === undefined ? undefined : Math.min(error.retryAfterMs, 300_000) * (1 + random() / 2);
}

async function stream(options: ListenOptions, timing: ListenTiming): Promise<boolean> {
  const answer = await options.hub.open(request(options, `/agent/v1/stream?cursor=${options.cursor()}`, { accept: 'text/event-stream' }));
  return new Promise((resolve, reject) => {
    let heard = false;
    let announced = false;
    let bytes = false;
    const timer = setTimeout(() => answer.destroy(new Error('silence')), timing.silenceMs);
    const parse = createSseParser((event) => {
      const parsed = readEvent(event);
      if (parsed === undefined) return;
      heard = true;
      if (parsed.event === 'control') announced = true;
      options.onEvent(parsed);
    });
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      timer.refresh();
      if (!bytes) options.onState({ connected: true, by: 'stream' });
      bytes = true;
      if (!parse(chunk)) answer.destroy();
    });
    const over = (cause?: unknown) => {
      clearTimeout(timer);
      if (announced) resolve(heard);
      else reject(new HubError(0, 'STORE_UNAVAILABLE', CUT, { cause }));
    };
    const openedAt = Date.now();
    answer.on('end', () => (Date.now() - openedAt >= timing.goodMs ? (clearTimeout(timer), resolve(heard)) : over()));
    answer.on('error', over);
    answer.on('close', () => over());
    options.signal.addEventListener('abort', () => answer.destroy(), { once: true });
  });
}

async function poll(options: ListenOptions, timing: ListenTiming): Promise<boolean> {
  const startedAt = Date.now();
  const path = `/agent/v1/poll?cursor=${options.cursor()}&wait=${String(timing.pollWaitSeconds)}`;
  const answer = await options.hub.send({ ...request(options, path, {}), timeoutMs: (timing.pollWaitSeconds + 20) * 1000 });
  const parsed = pollResponseSchema.safeParse(JSON.parse(answer.body.toString('utf8')));
  if (!parsed.success) throw new HubError(0, 'PROTOCOL_UNSUPPORTED', 'The hub answered a poll in a way that this agent does not understand');
  options.onState({ connected: true, by: 'poll' });
  for (const event of parsed.data.events) options.onEvent(event);
  // The hub says the same again until the agent has caught up, and something on the way may answer at once: never ask without pause.
  if (parsed.data.events.length > 0 || Date.now() - startedAt < 1_000) await delay(timing.firstBackoffMs, options.signal);
  return parsed.data.events.length > 0;
}

function request(options: ListenOptions, path: string, headers: { readonly [name: string]: string }): HubRequest {
  return { method: 'GET', path, headers: { ...headers, ...options.evidence() }, signer: options.signer(), signal: options.signal };
}

/** Events of a kind that this version does not know are passed over: a newer hub may say more. */
function readEvent(event: ServerSentEvent): AgentEvent | undefined {
  try {
    const parsed = agentEventSchema.safeParse({ event: event.event, ...(event.id === undefined ? {} : { id: event.id }), data: JSON.parse(event.data) as unknown });
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
