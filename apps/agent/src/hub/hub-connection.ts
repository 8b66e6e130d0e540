import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { MeshfleetError } from '@meshfleet/model';
import type { ErrorCode } from '@meshfleet/model';
import { ERROR_CODES } from '@meshfleet/model';
import type { SigningKey } from '@meshfleet/protocol';
import { signRequest } from '@meshfleet/protocol';

/** As whom to sign. */
export interface Signer {
  readonly key: SigningKey;
  readonly clusterId: string;
  readonly organizationId: string;
  readonly audience: string;
}

export interface HubRequest {
  readonly method: 'GET' | 'POST';
  /** From `/agent/v1` on, with query. */
  readonly path: string;
  readonly body?: Buffer;
  readonly headers?: { readonly [name: string]: string };
  /** Undefined sends the request unsigned (enrolment). */
  readonly signer?: Signer | undefined;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HubAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The hub said no, or nothing (`status` 0). */
export class HubError extends MeshfleetError {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The hub's clock when it answered. */
  readonly hubTime: string | undefined;
  constructor(status: number, code: ErrorCode, summary: string, options: { why?: string; fix?: string; retryAfterMs?: number | undefined; hubTime?: string | undefined; cause?: unknown } = {}) {
    super({ code, summary, ...(options.why === undefined ? {} : { why: options.why }), ...(options.fix === undefined ? {} : { fix: options.fix }) }, { cause: options.cause });
    this.name = 'HubError';
    this.status = status;
    this.retryAfterMs = options.retryAfterMs;
    this.hubTime = options.hubTime;
  }
}

/** HTTPS to the hub: outbound only, requests signed, the clock's offset learnt from refusals. */
export interface HubConnection {
  /** Rejects with a {@link HubError} for every answer that is not 2xx. The body comes decompressed. */
  send(request: HubRequest): Promise<HubAnswer>;
  /** The open answer of the event stream. */
  open(request: HubRequest): Promise<http.IncomingMessage>;
  /** Seconds since 1970 by the hub's clock, as far as it is known. */
  hubSeconds(): number;
  learnTime(hubTime: string): void;
  readonly bytesSent: number;
  close(): void;
}

const TIMEOUT_MS = 30_000;
// Far above any desired state; stops a small answer that unpacks to all memory.
const LARGEST_BODY = 256 * 1024 * 1024;

export function connectHub(options: { url: string; caPem?: string | undefined; now?: () => number; userAgent: string }): HubConnection {
  const base = new URL(options.url);
  const secure = base.protocol === 'https:';
  const prefix = base.pathname.replace(/\/+$/, '');
  const now = options.now ?? Date.now;
  const agent = secure ? new https.Agent({ keepAlive: true, maxSockets: 4, timeout: 90_000 }) : new http.Agent({ keepAlive: true, maxSockets: 4, timeout: 90_000 });
  let offsetMs = 0;
  let bytesSent = 0;

  const learnTime = (hubTime: string) => {
    const at = Date.parse(hubTime);
    if (!Number.isNaN(at)) offsetMs = at - now();
  };
  const hubSeconds = () => (now() + offsetMs) / 1000;

  function head(request: HubRequest): Promise<http.IncomingMessage> {
    const path = prefix + request.path;
    const signer = request.signer;
    const authorization =
      signer === undefined
        ? undefined
        : signRequest({ ...signer, method: request.method, path, now: hubSeconds(), jti: randomBytes(16).toString('base64url'), ...(request.body === undefined ? {} : { body: request.body }) });
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request({
        method: request.method,
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port === '' ? (secure ? 443 : 80) : base.port,
        path,
        agent,
        ...(options.caPem === undefined ? {} : { ca: options.caPem }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        headers: {
          'user-agent': options.userAgent,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json', 'content-length': request.body.length }),
          ...(authorization === undefined ? {} : { authorization }),
          ...request.headers,
        },
      });
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), request.timeoutMs ?? TIMEOUT_MS);
      let before = 0;
      outgoing.on('socket', (socket) => {
        socket.setKeepAlive(true, 30_000);
        before = socket.bytesWritten;
      });
      outgoing.on('response', (answer) => {
        clearTimeout(timer);
        bytesSent += Math.max(0, answer.socket.bytesWritten - before);
        resolve(answer);
      });
      outgoing.on('error', (cause) => {
        clearTimeout(timer);
        reject(unreachable(cause));
      });
      outgoing.end(request.body);
    });
  }

  /** A refused signature whose only fault is the clock is made anew, once. */
  async function withRightClock(request: HubRequest): Promise<http.IncomingMessage> {
    const answer = await head(request);
    if (answer.statusCode !== 401 || request.signer === undefined) return answer;
    const refused = errorOf(401, answer.headers, await readBody(answer));
    if (refused.code !== 'REQUEST_EXPIRED' || refused.hubTime === undefined) throw refused;
    learnTime(refused.hubTime);
    return head(request);
  }

  return {
    async send(request) {
      const answer = await withRightClock(request);
      const status = answer.statusCode ?? 0;
      const body = await readBody(answer, request.timeoutMs);
      if (status < 200 || status > 299) throw errorOf(status, answer.headers, body);
      return { status, headers: answer.headers, body };
    },
    async open(request) {
      const answer = await withRightClock(request);
      const status = answer.statusCode ?? 0;
      if (status === 200) return answer;
      throw errorOf(status, answer.headers, await readBody(answer));
    },
    hubSeconds,
    learnTime,
    get bytesSent() {
      return bytesSent;
    },
    close: () => agent.destroy(),
  };
}

async function readBody(answer: http.IncomingMessage, timeoutMs = TIMEOUT_MS): Promise<Buffer> {
  const timer = setTimeout(() => answer.destroy(new Error('the answer did not end in time')), timeoutMs);
  try {
    const source: Readable = answer.headers['content-encoding'] === 'gzip' ? answer.on('error', () => undefined).pipe(createGunzip()) : answer;
    answer.on('error', (cause) => source.destroy(cause));
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of source) {
      const bytes = chunk as Buffer; // no encoding is set, so chunks are buffers
      size += bytes.length;
      if (size > LARGEST_BODY) throw new HubError(0, 'LIMIT_EXCEEDED', 'The hub sent a larger answer than any that it should');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    throw cause instanceof HubError ? cause : unreachable(cause);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(cause: unknown): HubError {
  const code = (cause as { code?: unknown }).code; // Node's network errors carry one
  const certificate = typeof code === 'string' && /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code);
  return new HubError(0, 'STORE_UNAVAILABLE', certificate ? 'The hub\'s certificate is not trusted' : 'The hub cannot be reached', {
    why: cause instanceof Error ? cause.message : String(cause),
    fix: certificate ? 'Set MESHFLEET_CA_FILE to the authority that signs the hub\'s certificate. The cluster keeps the state that it has.' : 'The agent tries again by itself. The cluster keeps the state that it has.',
    cause,
  });
}

interface ErrorEnvelopeBody {
  readonly error?: { readonly code?: unknown; readonly summary?: unknown; readonly why?: unknown; readonly fix?: unknown };
  readonly hubTime?: unknown;
}

function parseError(body: Buffer): ErrorEnvelopeBody {
  try {
    const parsed = JSON.parse(body.toString('utf8')) as unknown;
    return typeof parsed === 'object' && parsed !== null ? (parsed as ErrorEnvelopeBody) : {}; // members are checked before use
  } catch {
    return {};
  }
}

function errorOf(status: number, headers: http.IncomingHttpHeaders, body: Buffer): HubError {
  const { error, hubTime } = parseError(body);
  const code = ERROR_CODES.find((known) => known === error?.code) ?? 'STORE_UNAVAILABLE';
  const seconds = Number(headers['retry-after']);
  return new HubError(status, code, typeof error?.summary === 'string' ? error.summary : `The hub answered ${String(status)}`, {
    ...(typeof error?.why === 'string' ? { why: error.why } : {}),
    ...(typeof error?.fix === 'string' ? { fix: error.fix } : {}),
    ...(typeof hubTime === 'string' ? { hubTime } : {}),
    retryAfterMs: headers['retry-after'] !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  });
}
