import { MeshfleetError } from '@meshfleet/model';

/** One reason of a refusal, as Kubernetes lists them under `details.causes`. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** meta/v1 Status: the body of every answer that is no object. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** The group and plural that error texts name: `virtualservices.networking.istio.io "reviews" not found`. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** A refusal with the exact Status body that kube-apiserver would answer. */
export class StatusError extends MeshfleetError {
  readonly status: Status;
  /** What the answer's headers warn of beside the refusal. */
  warnings: readonly string[] = [];

  constructor(status: Omit<Status, 'kind' | 'apiVersion' | 'metadata' | 'status'>) {
    super({ code: 'KUBERNETES_REFUSED', summary: status.message ?? status.reason ?? `HTTP ${status.code}` });
    this.name = 'StatusError';
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status };
  }

  /** The same refusal, with warnings. */
  warning(warnings: readonly string[]): this {
    this.warnings = warnings;
    return this;
  }
}

/** `deployments.apps`, `pods`: how Kubernetes writes a GroupResource. */
export function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: ResourceName, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function notFound(resource: ResourceName, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(resource)} ${JSON.stringify(name)} not found`,
    details: detailsOf(resource, name),
  });
}

/** The path leads nowhere: what an unknown group, version or resource answers. */
export function notFoundPath(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

export function alreadyExists(resource: ResourceName, name: string, dying = false): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${dying ? 'object is being deleted: ' : ''}${qualified(resource)} ${JSON.stringify(name)} already exists`,
    details: detailsOf(resource, name),
  });
}

export function conflict(resource: ResourceName, name: string, why: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`,
    details: detailsOf(resource, name),
  });
}

/** Server-side apply met fields of other managers. */
export function applyConflict(message: string, causes: StatusCause[]): StatusError {
  return new StatusError({ code: 409, reason: 'Conflict', message, details: { causes } });
}

/**
 * 422 with field causes. Kubernetes' details name the kind here, not the plural:
 * `Deployment.apps "web" is invalid: spec.selector: Required value`.
 */
export function invalid(kind: { group: string; kind: string }, name: string, causes: StatusCause[]): StatusError {
  const texts = causes.map((cause) => (cause.field === undefined ? (cause.message ?? '') : `${cause.field}: ${cause.message ?? ''}`));
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const why = texts.length === 1 ? texts[0] : `[${[...new Set(texts)].join(', ')}]`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${subject} ${JSON.stringify(name)} is invalid${texts.length === 0 ? '' : `: ${why}`}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(kind.group === '' ? {} : { group: kind.group }),
      ...(kind.kind === '' ? {} : { kind: kind.kind }),
      ...(causes.length === 0 ? {} : { causes }),
    },
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export function forbidden(resource: ResourceName, name: string, why: string): StatusError {
  const subject = name === '' ? qualified(resource) : `${qualified(resource)} ${JSON.stringify(name)}`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: ${why}`,
    details: detailsOf(resource, name),
  });
}

export function forbiddenPath(why: string): StatusError {
  return new StatusError({ code: 403, reason: 'Forbidden', message: `forbidden: ${why}`, details: {} });
}

/** 410 as the storage answers it: the resource version or continue token is too old. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: 'Expired', message });
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } });
}

export function methodNotAllowed(verb: string): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: verb === '' ? 'the server does not allow this method on the requested resource' : `${verb} is not supported on resources of this kind`,
    details: {},
  });
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError({ code: 415, reason: 'UnsupportedMediaType', message });
}

export function notAcceptable(message: string): StatusError {
  return new StatusError({ code: 406, reason: 'NotAcceptable', message });
}

export function requestEntityTooLarge(message: string): StatusError {
  return new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message });
}

/** The resource version asked for lies in the future. */
export function timeout(message: string, retryAfterSeconds: number, causes: StatusCause[]): StatusError {
  return new StatusError({ code: 504, reason: 'Timeout', message, details: { causes, retryAfterSeconds } });
}

export function internalError(message: string): StatusError {
  return new StatusError({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
}
