import { MeshfleetError } from '@meshfleet/model';
import type { ErrorCode } from '@meshfleet/model';
import type { ErrorBody } from '@meshfleet/protocol';

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAUTHENTICATED: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  SIGNATURE_INVALID: 401,
  REQUEST_EXPIRED: 401,
  REQUEST_REPLAYED: 401,
  FORBIDDEN: 403,
  CLUSTER_QUARANTINED: 403,
  CLUSTER_EVICTED: 403,
  APPROVAL_PENDING: 403,
  NOT_FOUND: 404,
  INVALID_INPUT: 400,
  PROTOCOL_UNSUPPORTED: 400,
  TOKEN_USED: 409,
  ALREADY_EXISTS: 409,
  CONFLICT: 409,
  PRECONDITION_FAILED: 409,
  STORE_UNAVAILABLE: 503,
};

export interface HttpError {
  readonly status: number;
  readonly body: ErrorBody;
  /** Seconds, for 429 and 503. */
  readonly retryAfter?: number;
  /** True when it is the hub's own fault and has to be looked at. */
  readonly unexpected: boolean;
}

/** A refusal by limit: 413 for size, 429 for number. */
export class TooMany extends MeshfleetError {
  readonly retryAfter: number;
  constructor(retryAfter: number, summary: string, why: string) {
    super({ code: 'LIMIT_EXCEEDED', summary, why, fix: `Try again in ${retryAfter} s.` });
    this.retryAfter = retryAfter;
  }
}

/** The one mapper from errors to HTTP. What is not ours says nothing of itself. */
export function toHttpError(error: unknown, now: number, random: () => number): HttpError {
  const hubTime = new Date(now).toISOString();
  if (error instanceof TooMany) return { status: 429, body: { error: error.toEnvelope(), hubTime }, retryAfter: error.retryAfter, unexpected: false };
  const known = error instanceof MeshfleetError ? error : fromFastify(error);
  // How the hub is set up is its operator's business: the log has it.
  if (known === undefined || known.code === 'INTERNAL' || known.code === 'CONFIG_INVALID') {
    const envelope = { code: 'INTERNAL', summary: 'The hub failed to answer', fix: 'Try again; the log of the hub says more.' } as const;
    return { status: 500, body: { error: envelope, hubTime }, unexpected: true };
  }
  const status = STATUS[known.code] ?? (known.code === 'LIMIT_EXCEEDED' ? 413 : 500);
  const body = { error: known.toEnvelope(), hubTime };
  if (status !== 503) return { status, body, unexpected: status >= 500 };
  return { status, body, retryAfter: 1 + Math.round(4 * random()), unexpected: false };
}

/** Errors that Fastify itself raises while it reads a request. */
function fromFastify(error: unknown): MeshfleetError | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The body is too large', fix: 'Split it.' });
  }
  if (typeof error.code === 'string' && error.code.startsWith('FST_ERR_CTP')) {
    return new MeshfleetError({ code: 'INVALID_INPUT', summary: 'The body cannot be read', why: error.code, fix: 'Send JSON, with its length, as content-type application/json.' });
  }
  return undefined;
}
