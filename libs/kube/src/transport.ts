import http from 'node:http';
import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { ClusterAccess, Credentials } from './access/cluster-access.ts';
import { errorFromAnswer, KubeError } from './kube-error.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Until the answer's head has come, and again until its end for JSON answers. Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** HTTPS to one API server: connections kept alive, credentials renewed once on 401, every failure a {@link KubeError}. */
export interface KubeTransport {
  /** The parsed JSON of a successful answer. */
  json(request: KubeRequest): Promise<unknown>;
  /** The open answer of a watch. Whoever asks must destroy it. */
  stream(request: KubeRequest): Promise<http.IncomingMessage>;
  close(): void;
}

const inflate = promisify(gunzip);
const DEFAULT_TIMEOUT_MS = 30_000;
// A peer that is gone without a word is noticed after this and ten probes a second apart (libuv's interval): within 40 s.
const KEEP_ALIVE_MS = 30_000;

export function createTransport(access: ClusterAccess, options: { userAgent?: string; maxSockets?: number } = {}): KubeTransport {
  const base = new URL(access.server);
  const secure = base.protocol === 'https:';
  const { request: send } = secure ? https : http;
  const shared = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, scheduling: 'lifo' as const };
  const newAgent = (maxSockets: number) => (secure ? new https.Agent({ ...shared, maxSockets, maxCachedSessions: 4 }) : new http.Agent({ ...shared, maxSockets }));
  // Watches hold their connection for long; they must not use up what the other requests may open.
  const contextFor = sharedContext(access.caPem);
  const agents = { json: newAgent(options.maxSockets ?? 16), stream: newAgent(Number.POSITIVE_INFINITY) };

  async function open(request: KubeRequest, kind: 'json' | 'stream', renew = false): Promise<http.IncomingMessage> {
    const credentials = await access.credentials(renew);
    const answer = await head(request, kind, credentials);
    if (answer.statusCode === 401 && !renew) {
      answer.resume();
      return open(request, kind, true);
    }
    return answer;
  }

  function head(request: KubeRequest, kind: 'json' | 'stream', credentials: Credentials): Promise<http.IncomingMessage> {
    const label = describe(request);
    return new Promise((resolve, reject) => {
      const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
      const outgoing = send({
        method: request.method,
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port === '' ? (secure ? 443 : 80) : base.port,
        path: (base.pathname === '/' ? '' : base.pathname) + request.path + queryOf(request.query),
        agent: agents[kind],
        headers: {
          accept: request.accept ?? 'application/json',
          'user-agent': options.userAgent ?? 'meshfleet',
          ...(kind === 'json' ? { 'accept-encoding': 'gzip' } : {}),
          ...(credentials.authorization === undefined ? {} : { authorization: credentials.authorization }),
          ...(payload === undefined ? {} : { 'content-type': request.contentType ?? 'application/json', 'content-length': payload.length }),
        },
        ...(secure
          ? {
              secureContext: contextFor(credentials),
              // What the context was made of names the connection: with a new certificate none of the old ones is used.
              ca: access.caPem,
              cert: credentials.clientCertPem,
              key: credentials.clientKeyPem,
              rejectUnauthorized: access.skipTlsVerify !== true,
              ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
            }
          : {}),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      outgoing.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
      outgoing.on('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      outgoing.on('error', (cause) => {
        clearTimeout(timer);
        reject(unreachable(cause, label));
      });
      outgoing.end(payload);
    });
  }

  return {
    async json(request) {
      const label = describe(request);
      const answer = await open(request, 'json');
      const status = answer.statusCode ?? 0;
      const text = await readAll(answer, request.timeoutMs ?? DEFAULT_TIMEOUT_MS, label);
      if (status >= 400) throw errorFromAnswer(status, parseLeniently(text), answer.headers['retry-after'], label);
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw unreachable(cause, label);
      }
    },
    async stream(request) {
      const answer = await open(request, 'stream');
      const status = answer.statusCode ?? 0;
      if (status < 400) return answer;
      const label = describe(request);
      const text = await readAll(answer, request.timeoutMs ?? DEFAULT_TIMEOUT_MS, label);
      throw errorFromAnswer(status, parseLeniently(text), answer.headers['retry-after'], label);
    },
    close() {
      agents.json.destroy();
      agents.stream.destroy();
    },
  };
}

/** One context for all connections until the certificate changes: each would parse the authorities and hold them for itself, and watches keep many open. */
function sharedContext(ca: string | undefined): (credentials: Credentials) => SecureContext {
  let made: { readonly cert: string | undefined; readonly key: string | undefined; readonly context: SecureContext } | undefined;
  return ({ clientCertPem: cert, clientKeyPem: key }) => {
    if (made?.cert !== cert || made?.key !== key || made === undefined) made = { cert, key, context: createSecureContext({ ca, cert, key }) };
    return made.context;
  };
}

async function readAll(answer: http.IncomingMessage, timeoutMs: number, label: string): Promise<string> {
  const timer = setTimeout(() => answer.destroy(new Error('the answer did not end in time')), timeoutMs);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer); // no encoding is set, so chunks are buffers
    const bytes = Buffer.concat(chunks);
    return (answer.headers['content-encoding'] === 'gzip' ? await inflate(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw unreachable(cause, label);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(cause: unknown, request: string): KubeError {
  const message = cause instanceof Error ? cause.message : 'unknown failure';
  return new KubeError({ status: 0, reason: 'Unreachable', message: `No usable answer from the API server: ${message}`, request }, { cause });
}

const describe = (request: KubeRequest): string => `${request.method} ${request.path}`;

function queryOf(query: KubeRequest['query']): string {
  if (query === undefined) return '';
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: text.slice(0, 500) };
  }
}
