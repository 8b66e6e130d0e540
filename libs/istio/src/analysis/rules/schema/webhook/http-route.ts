import { isNamedStatus } from '../../../../named-statuses.ts';
import type { Problem } from '../../../engine/rule.ts';
import { at, list, number, record, text, texts } from '../../../read-value.ts';
import type { RouteView } from '../../../views/virtual-service.ts';

/** Of each pair only one may be set. */
const EXCLUSIVE = [
  ['redirect', 'route'],
  ['redirect', 'fault'],
  ['redirect', 'rewrite'],
  ['redirect', 'directResponse'],
  ['directResponse', 'route'],
  ['mirror', 'mirrors'],
  ['delegate', 'route'],
] as const;

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*']);
const RETRY_ON = new Set([
  '5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'retriable-4xx', 'refused-stream', 'retriable-status-codes', 'retriable-headers', 'envoy-ratelimited', 'http3-post-connect-failure',
  'cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable',
]);

/** `delegated`: its VirtualService has no hosts, so another one delegates to it. */
export function* httpRouteProblems({ path, body, matches }: RouteView, delegated: boolean): Generator<Problem> {
  const sets = (field: string): boolean => (field === 'route' || field === 'mirrors' ? list(body[field]).length > 0 : body[field] !== undefined);
  for (const [one, other] of EXCLUSIVE) if (sets(one) && sets(other)) yield { path, message: `A route cannot have both ${one} and ${other}`, fix: `Remove ${one} or ${other}.` };
  const ends = delegated ? ['route', 'redirect', 'directResponse'] : ['route', 'redirect', 'directResponse', 'delegate'];
  if (!ends.some(sets)) yield { path, message: `The route leads nowhere: it has none of ${ends.join(', ')}`, fix: 'Add one of them.' };
  yield* filters(path, body);
  yield* fault(`${path}.fault`, body['fault']);
  yield* retries(`${path}.retries`, body['retries']);
  for (const match of matches) {
    for (const field of ['headers', 'withoutHeaders']) if (Object.keys(record(match.body[field]) ?? {}).includes('')) yield { path: `${match.path}.${field}`, message: 'The name of a header must not be empty' };
    for (const label of Object.keys(record(match.body['sourceLabels']) ?? {})) if (!/^[a-z0-9]([-a-z0-9_./]*[a-z0-9])?$/i.test(label)) yield { path: `${match.path}.sourceLabels`, message: `"${label}" cannot be a label` };
  }
}

function* filters(path: string, body: RouteView['body']): Generator<Problem> {
  const redirect = record(body['redirect']);
  if (redirect !== undefined && ['uri', 'authority', 'scheme', 'port', 'derivePort'].every((field) => redirect[field] === undefined)) yield { path: `${path}.redirect`, message: 'The redirect leads nowhere', fix: 'Set uri, authority, scheme or port.' };
  const rewrite = record(body['rewrite']);
  if (rewrite !== undefined && ['uri', 'authority', 'uriRegexRewrite'].every((field) => rewrite[field] === undefined)) yield { path: `${path}.rewrite`, message: 'The rewrite changes nothing', fix: 'Set uri, uriRegexRewrite or authority.' };
  yield* status(`${path}.directResponse.status`, at(body, 'directResponse', 'status'));
  yield* percentage(`${path}.mirrorPercentage`, at(body, 'mirrorPercentage', 'value'));
  for (const [i, method] of texts(at(body, 'corsPolicy', 'allowMethods')).entries()) if (!METHODS.has(method)) yield { path: `${path}.corsPolicy.allowMethods[${i}]`, message: `"${method}" is no method of HTTP` };
  for (const direction of ['request', 'response']) {
    for (const operation of ['set', 'add']) if (Object.keys(record(at(body, 'headers', direction, operation)) ?? {}).includes('')) yield { path: `${path}.headers.${direction}.${operation}`, message: 'The name of a header must not be empty' };
  }
}

function* fault(path: string, value: unknown): Generator<Problem> {
  const body = record(value);
  if (body === undefined) return;
  if (body['abort'] === undefined && body['delay'] === undefined) yield { path, message: 'The fault does nothing', fix: 'Set abort or delay.' };
  yield* status(`${path}.abort.httpStatus`, at(body, 'abort', 'httpStatus'));
  for (const kind of ['abort', 'delay']) yield* percentage(`${path}.${kind}.percentage`, at(body, kind, 'percentage', 'value'));
}

function* retries(path: string, value: unknown): Generator<Problem> {
  const body = record(value);
  if (body === undefined) return;
  const attempts = number(body['attempts']) ?? 0;
  if (attempts < 0) yield { path: `${path}.attempts`, message: 'attempts cannot be negative' };
  if (attempts === 0 && ['perTryTimeout', 'retryOn', 'retryRemoteLocalities'].some((field) => body[field] !== undefined)) yield { path: `${path}.attempts`, message: 'Retries are described, and turned off by 0 attempts', fix: 'Set attempts, or remove the rest.' };
  for (const condition of (text(body['retryOn']) ?? '').split(',').map((one) => one.trim())) {
    if (condition !== '' && !RETRY_ON.has(condition) && !isNamedStatus(Number(condition))) yield { path: `${path}.retryOn`, message: `"${condition}" is no condition for retries` };
  }
}

function* status(path: string, value: unknown): Generator<Problem> {
  const code = number(value);
  if (code !== undefined && (code < 200 || code > 599)) yield { path, message: `The status ${code} is not between 200 and 599` };
}

function* percentage(path: string, value: unknown): Generator<Problem> {
  const share = number(value);
  if (share !== undefined && share !== 0 && (share < 0.0001 || share > 100)) yield { path, message: `${share} % is neither 0 nor between 0.0001 and 100` };
}
