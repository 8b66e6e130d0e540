import { MeshfleetError } from '@meshfleet/model';

/** One cause of a Status, as the API server lists them in `details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What is read of a `v1.Status`. */
export interface StatusBody {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number; readonly kind?: string };
}

/** An answer of the API server that is not what was asked for, or no answer at all (`status` 0). */
export class KubeError extends MeshfleetError {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Kubernetes' reason: NotFound, AlreadyExists, Conflict, Invalid, Forbidden, Expired, …; `Unreachable` when no answer came. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs: number | undefined;
  /** `details.kind`: for a 404, tells a missing namespace from a missing object. */
  readonly detailsKind: string | undefined;

  constructor(
    facts: { status: number; reason: string; message: string; causes?: readonly StatusCause[]; retryAfterMs?: number | undefined; detailsKind?: string | undefined; request: string },
    options?: { cause?: unknown },
  ) {
    super(
      {
        code: facts.status === 0 ? 'KUBERNETES_UNREACHABLE' : 'KUBERNETES_REFUSED',
        summary: facts.message,
        why: facts.request,
        fix: fixFor(facts.status),
      },
      options,
    );
    this.name = 'KubeError';
    this.status = facts.status;
    this.reason = facts.reason;
    this.causes = facts.causes ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.detailsKind = facts.detailsKind;
  }
}

/** Makes the error out of an answer with a status of 400 or more; the body may be a Status, other JSON, or no JSON at all. */
export function errorFromAnswer(status: number, body: unknown, retryAfterHeader: string | undefined, request: string): KubeError {
  const parsed: StatusBody = typeof body === 'object' && body !== null ? (body as StatusBody) : {}; // fields are checked one by one below
  const seconds = retryAfterHeader === undefined ? parsed.details?.retryAfterSeconds : Number(retryAfterHeader);
  return new KubeError({
    status,
    reason: typeof parsed.reason === 'string' && parsed.reason !== '' ? parsed.reason : reasonFor(status),
    message: typeof parsed.message === 'string' ? parsed.message : `The API server answered ${String(status)}`,
    causes: Array.isArray(parsed.details?.causes) ? parsed.details.causes : [],
    retryAfterMs: seconds !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
    detailsKind: parsed.details?.kind,
    request,
  });
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.status === 404;
export const isAlreadyExists = (error: unknown): boolean => error instanceof KubeError && error.reason === 'AlreadyExists';
/** An optimistic write lost against another, or a precondition did not hold. Conflicts of server-side apply are `conflictsOf`. */
export const isConflict = (error: unknown): boolean => error instanceof KubeError && error.status === 409;
/** The resourceVersion or continue token is older than the server's history. */
export const isGone = (error: unknown): boolean => error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');

/** Whether the same request may succeed when asked again a little later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
}

function reasonFor(status: number): string {
  const known: Record<number, string> = { 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 410: 'Expired', 422: 'Invalid', 429: 'TooManyRequests' };
  return known[status] ?? (status >= 500 ? 'InternalError' : 'Unknown');
}

function fixFor(status: number): string {
  if (status === 0) return 'Check the network path and the certificate of the API server; the request is tried again by itself.';
  if (status === 401) return 'The credentials are no longer valid: check the kubeconfig or the service account token.';
  if (status === 403) return 'Grant the permission that the message names (see the ClusterRole in deploy/agent).';
  if (status === 429 || status >= 500) return 'The API server is busy or failing; the request is tried again by itself.';
  return 'See the message of the API server.';
}
