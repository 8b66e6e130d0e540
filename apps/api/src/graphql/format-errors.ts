import { MeshfleetError, type ErrorCode, type ErrorEnvelope } from '@meshfleet/model';
import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import { clientProblem, queryProblem } from './query-problem.ts';
import { shortened } from './shorten-text.ts';
import { InputProblems, isExpected } from './user-error.ts';

export interface FaultLog {
  error(details: object, message: string): void;
}

/**
 * The one mapper from errors to answers. Expected problems say what they are; what the query itself does wrong keeps
 * GraphQL's words; a fault of ours says nothing but a request id, and goes to the log.
 */
function formatError(error: GraphQLError, requestId: string, log: FaultLog): GraphQLFormattedError[] {
  const cause = rootCause(error);
  const nested = (cause as { errors?: unknown } | undefined)?.errors;
  if (Array.isArray(nested) && !(cause instanceof AggregateError)) {
    return nested.flatMap((one: unknown) => formatError(one instanceof GraphQLError ? one : new GraphQLError(messageOf(one)), requestId, log));
  }
  if (cause instanceof InputProblems) return cause.problems.map((problem) => formatted(error, problem));
  if (isExpected(cause) || (cause instanceof MeshfleetError && cause.code === 'STORE_UNAVAILABLE')) {
    const { code, summary } = cause;
    if (code === 'STORE_UNAVAILABLE') {
      log.error({ err: cause, requestId }, 'the database is not available');
      return [formatted(error, { code, summary: 'The database is not available', fix: 'Try again in a moment.' }, requestId)];
    }
    return [formatted(error, { ...cause.toEnvelope(), summary })];
  }
  const client = clientProblem(cause);
  if (client !== undefined) return [formatted(error, client)];
  if (cause === undefined) return [formatted(error, queryProblem(error.message))];
  log.error({ err: cause, requestId }, 'a resolver failed');
  return [formatted(error, fault(requestId), requestId)];
}

/** Errors of a result as its JSON will show them. Formatted errors are what the JSON is made of; the type wants the class. */
export function formatErrors(errors: readonly GraphQLError[], requestId: string, log: FaultLog): GraphQLError[] {
  return errors.flatMap((error) => formatError(error, requestId, log)) as unknown as GraphQLError[];
}

/** The status of an answer without data: what HTTP clients and proxies should make of it. */
export function statusOf(errors: readonly { readonly extensions?: Readonly<Record<string, unknown>> | undefined }[], hasData: boolean): number {
  if (hasData) return 200;
  const code = errors[0]?.extensions?.['code'] as ErrorCode | undefined;
  switch (code) {
    case 'UNAUTHENTICATED':
    case 'TOKEN_INVALID':
    case 'TOKEN_EXPIRED':
      return 401;
    case 'FORBIDDEN':
      return 403;
    case 'INTERNAL':
      return 500;
    case 'STORE_UNAVAILABLE':
    case 'IDENTITY_PROVIDER_UNAVAILABLE':
      return 503;
    case 'LIMIT_EXCEEDED':
      return errors[0]?.extensions?.['retryAfter'] === undefined ? 400 : 429;
    default:
      return 400;
  }
}

function fault(requestId: string): ErrorEnvelope {
  return { code: 'INTERNAL', summary: 'Something went wrong on our side', fix: `Try again; if it lasts, report the request id ${requestId}.` };
}

/** An answer as GraphQL's, for a request that was refused before there was a query, or whose answer could not be made. */
export function refusal(error: unknown, requestId: string, log: FaultLog): { status: number; body: ExecutionResult } {
  const cause = error instanceof Error ? error : new Error(String(error));
  const errors = formatErrors([cause instanceof GraphQLError ? cause : new GraphQLError(cause.message, { originalError: cause })], requestId, log);
  return { status: statusOf(errors, false), body: { data: null, errors } };
}

/** The same where an error may itself have come of telling or logging another: it never throws. */
export function lastRefusal(error: unknown, requestId: string, log: FaultLog): { status: number; body: object } {
  try {
    return refusal(error, requestId, log);
  } catch {
    return { status: 500, body: { data: null, errors: [formatted(new GraphQLError(''), fault(requestId), requestId)] } };
  }
}

function formatted(error: GraphQLError, envelope: ErrorEnvelope, requestId?: string): GraphQLFormattedError {
  const { code, summary, why, fix, where } = envelope;
  // Compiled queries make errors without extensions, whatever the type says.
  const retryAfter = (error.extensions as GraphQLError['extensions'] | undefined)?.['retryAfter'];
  return {
    message: shortened(summary),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
    extensions: {
      code,
      ...(why === undefined ? {} : { why: shortened(why) }),
      ...(fix === undefined ? {} : { fix: shortened(fix) }),
      ...(where === undefined ? {} : { where }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  };
}

/** GraphQL and Mercurius wrap errors, sometimes twice. */
function rootCause(error: GraphQLError): Error | undefined {
  let cause: Error | undefined = error.originalError;
  while (cause instanceof GraphQLError) cause = cause.originalError;
  return cause;
}

function messageOf(value: unknown): string {
  return value instanceof Error ? value.message : 'The request is not valid';
}
