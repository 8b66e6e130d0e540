import type { Cluster } from '@meshfleet/cluster-sim';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Any JSON that an API server answers; tests look at the parts that they name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of every kind, read by literal paths in assertions
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
}

export interface Call {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  /** Another bearer token than the administrator's; null for none. */
  readonly token?: string | null;
}

export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';

export interface WatchEvent {
  readonly type: string;
  readonly object: Body;
}

export interface Watch {
  readonly status: number;
  /** The next event; throws when none comes in time. */
  next(): Promise<WatchEvent>;
  /** Events until the server ends the watch. */
  rest(): Promise<WatchEvent[]>;
  close(): void;
}

/** The plainest of clients: what is sent and what comes back, with nothing made nicer. */
export interface Client {
  get(path: string, call?: Call): Promise<Answer>;
  post(path: string, body: unknown, call?: Call): Promise<Answer>;
  put(path: string, body: unknown, call?: Call): Promise<Answer>;
  patch(path: string, type: string, body: unknown, call?: Call): Promise<Answer>;
  apply(path: string, manager: string, body: unknown, force?: boolean): Promise<Answer>;
  delete(path: string, body?: unknown, call?: Call): Promise<Answer>;
  watch(path: string): Promise<Watch>;
  /** A namespace of its own for a test. */
  namespace(): Promise<string>;
  close(): void;
}

/** The connection was closed while nobody used it. */
class StaleConnectionError extends Error {
  constructor(cause: Error) {
    super('a kept connection was closed by the server', { cause });
  }
}

const PATIENCE_MS = 15_000;

export function createClient(cluster: Cluster): Client {
  const agent = new Agent({ keepAlive: true, ca: cluster.caPem });
  const once = (method: string, path: string, call: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const token = call.token === undefined ? cluster.adminToken : call.token;
      const text = call.body === undefined ? undefined : JSON.stringify(call.body);
      const options: RequestOptions = {
        method,
        agent,
        headers: {
          accept: call.accept ?? 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(text === undefined ? {} : { 'content-type': call.type ?? 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      };
      const outgoing = request(`${cluster.url}${path}`, options, resolve);
      outgoing.on('error', (cause) => {
        reject(outgoing.reusedSocket ? new StaleConnectionError(cause) : cause);
      });
      outgoing.end(text);
    });
  // A server that restarted has cut the connections that were kept: as every HTTP client does, ask again on a new one.
  const open = async (method: string, path: string, call: Call): Promise<IncomingMessage> => {
    try {
      return await once(method, path, call);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return once(method, path, call);
    }
  };
  const send = async (method: string, path: string, call: Call = {}): Promise<Answer> => {
    const response = await open(method, path, call);
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, headers: response.headers, body: parse(text) };
  };
  const client: Client = {
    get: (path, call) => send('GET', path, call),
    post: (path, body, call) => send('POST', path, { ...call, body }),
    put: (path, body, call) => send('PUT', path, { ...call, body }),
    patch: (path, type, body, call) => send('PATCH', path, { ...call, body, type }),
    apply: (path, manager, body, force = false) =>
      send('PATCH', `${path}${path.includes('?') ? '&' : '?'}fieldManager=${manager}&force=${String(force)}`, { body, type: APPLY }),
    delete: (path, body, call) => send('DELETE', path, { ...call, ...(body === undefined ? {} : { body }) }),
    watch: async (path) => readWatch(await open('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`, {})),
    namespace: async () => {
      const { body } = await send('POST', '/api/v1/namespaces', { body: { metadata: { generateName: 'test-' } } });
      return String(body.metadata.name);
    },
    close: () => {
      agent.destroy();
    },
  };
  return client;
}

function parse(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readWatch(response: IncomingMessage): Watch {
  const events: WatchEvent[] = [];
  let ended = false;
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.filter((line) => line !== '').map((line) => JSON.parse(line) as WatchEvent));
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    ended = true;
  });
  return {
    status: response.statusCode ?? 0,
    async next() {
      await eventually(() => events.length > 0 || ended);
      const event = events.shift();
      if (event === undefined) throw new Error('the watch ended without another event');
      return event;
    },
    async rest() {
      await eventually(() => ended);
      return events.splice(0);
    },
    close: () => {
      response.destroy();
    },
  };
}

/** Waits until a condition holds; throws when it does not in time. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for: ${holds.toString()}`);
    await sleep(25);
  }
}
