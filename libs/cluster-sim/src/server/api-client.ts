import { request } from 'node:https';
import type { Cluster } from '../cluster.ts';

export interface ApiAnswer {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** Parsed JSON; the text where it is none. */
  readonly body: unknown;
}

export interface ApiRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly token?: string | null;
  readonly headers?: { readonly [name: string]: string };
}

/** One plain request against a cluster, without a Kubernetes client between: what tests of the wire need. */
export function callApi(cluster: Cluster, path: string, options: ApiRequest = {}): Promise<ApiAnswer> {
  const { method = 'GET', body, contentType = 'application/json', accept = 'application/json', token = cluster.adminToken } = options;
  const payload = body === undefined ? undefined : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = {
    accept,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, cluster.url), { method, headers, ca: cluster.caPem, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: parsed(Buffer.concat(chunks).toString('utf8')) }));
    });
    call.on('error', reject);
    call.end(payload);
  });
}

/** A watch as lines. `next` resolves with the following event, or undefined at the end of the stream. */
export interface OpenWatch {
  next(): Promise<{ type: string; object: { metadata?: { name?: string; resourceVersion?: string; annotations?: Record<string, string> }; [field: string]: unknown } } | undefined>;
  close(): void;
}

export function openWatch(cluster: Cluster, path: string, options: { token?: string } = {}): Promise<OpenWatch> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, cluster.url), { headers: { authorization: `Bearer ${options.token ?? cluster.adminToken}` }, ca: cluster.caPem, agent: false }, (response) => {
      const lines = linesOf(response);
      // What the server writes per line; tests look at the fields they name.
      resolve({ next: async () => { const { value } = await lines.next(); return value === undefined ? undefined : JSON.parse(value); }, close: () => call.destroy() });
    });
    call.on('error', reject);
    call.end();
  });
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of stream) {
      const parts = (rest + chunk.toString('utf8')).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } catch {
    // Cut: what is not a whole line is lost.
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
