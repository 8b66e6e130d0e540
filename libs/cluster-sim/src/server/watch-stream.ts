import type { FaultyWatch } from '../faults/faults.ts';
import type { ResourceInfo } from '../seam.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { watchObjects, type Watch, type WatchEvent, type WatchOptions } from './objects/watch-objects.ts';
import { qualified, expired } from './status-error.ts';

/** Renders the object of an event: as it is, as a Table, as metadata. */
export type EventBody = (event: WatchEvent) => string;

/** A watcher that lets more than this pile up unread is cut: it must list again. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** kube-apiserver ends watches after min-request-timeout (30 min) or up to twice that. */
const DEFAULT_TIMEOUT_SECONDS = 1_800;

/** Streams a watch as JSON lines until the client, its timeout, a fault or the server ends it. */
export function streamWatch(server: ApiServer, exchange: Exchange, info: ResourceInfo, namespace: string | undefined, options: WatchOptions, body: EventBody): void {
  new WatchStream(server, exchange, info, body).run(namespace, options);
}

class WatchStream implements FaultyWatch {
  readonly resource: string;
  readonly #server: ApiServer;
  readonly #exchange: Exchange;
  readonly #info: ResourceInfo;
  readonly #body: EventBody;
  #watch: Watch | undefined;
  #held: string[] | undefined;
  #timers: NodeJS.Timeout[] = [];
  #unregister: () => void = () => undefined;
  #ended = false;

  constructor(server: ApiServer, exchange: Exchange, info: ResourceInfo, body: EventBody) {
    this.#server = server;
    this.#exchange = exchange;
    this.#info = info;
    this.#body = body;
    this.resource = qualified(info);
  }

  run(namespace: string | undefined, options: WatchOptions): void {
    const { response, verdict } = this.#exchange;
    const started: string[] = [];
    let begun = false;
    let closing = false;
    const emit = (event: WatchEvent): void => {
      const line = `{"type":"${event.type}","object":${this.#body(event)}}\n`;
      if (begun) this.#write(line);
      else started.push(line);
    };
    const source = verdict.goneEvent
      ? this.#gone(emit, () => (closing = true))
      : watchObjects(this.#server.engine, this.#info, namespace, options, emit, () => {
          closing = true;
          if (begun) this.#end();
        });
    // Nothing was sent while it could still be refused: from here it is a stream.
    this.#watch = source;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private', 'Transfer-Encoding': 'chunked' });
    response.flushHeaders();
    response.on('close', () => this.#release());
    this.#unregister = this.#server.faults.register(this);
    begun = true;
    // One write for the whole initial state.
    if (started.length > 0) this.#write(started.join(''));
    if (closing) this.#end();
    else this.#startTimers();
  }

  cut(how: 'clean' | 'halfLine' | 'reset'): void {
    const { response } = this.#exchange;
    if (how === 'clean') return this.#end();
    const socket = response.socket;
    if (how === 'reset') {
      this.#release();
      if (socket !== null) socket.destroy();
      return;
    }
    response.write('{"type":"MODIFIED","object":{"kind":"', () => socket?.destroy());
    this.#release();
  }

  stall(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && held.length > 0) this.#write(held.join(''));
  }

  #gone(emit: (event: WatchEvent) => void, close: () => void): Watch {
    emit({ type: 'ERROR', object: expired('too old resource version: injected by a fault').status });
    close();
    return { bookmark: () => undefined, stop: () => undefined };
  }

  #startTimers(): void {
    const query = this.#exchange.url.searchParams;
    const asked = Number(query.get('timeoutSeconds') ?? 0);
    const seconds = asked > 0 ? asked : DEFAULT_TIMEOUT_SECONDS;
    const timeout = setTimeout(() => this.#end(), seconds * 1_000);
    const bookmarks = setInterval(() => this.#watch?.bookmark(), this.#server.bookmarkIntervalMs);
    this.#timers = [timeout, bookmarks];
    for (const timer of this.#timers) timer.unref();
  }

  #write(line: string): void {
    if (this.#ended) return;
    if (this.#held !== undefined) {
      this.#held.push(line);
      return;
    }
    const { response, label } = this.#exchange;
    this.#server.counters.sent(label, Buffer.byteLength(line));
    response.write(line);
    if (response.writableLength > MAX_UNREAD_BYTES) {
      this.#release();
      response.destroy();
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#release();
    this.#exchange.response.end();
  }

  #release(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#unregister();
    this.#watch?.stop();
  }
}
