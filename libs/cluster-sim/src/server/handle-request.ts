import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '../seam.ts';
import { authenticate, authorize } from './authenticate.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { handlePath } from './handle-path.ts';
import { handleResource } from './handle-resource.ts';
import { PATCH_TYPES } from './objects/patch-object.ts';
import { mediaTypeOf } from './read-body.ts';
import { replyError } from './reply.ts';
import { readRequestInfo, type RequestInfo } from './request-info.ts';
import { badRequest, internalError, qualified, StatusError } from './status-error.ts';

const NOBODY: UserInfo = { name: '', groups: [] };

/** One request through the chain: counters, faults, who, whether, what. Never throws: every failure is answered. */
export async function handleRequest(server: ApiServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://cluster');
  const info = readRequestInfo(request.method ?? 'GET', url.pathname, url.searchParams);
  const label = labelOf(request, info);
  server.counters.request(label);
  let user = NOBODY;
  // Also when the client ends it: nobody waits for the end of a watch.
  response.on('close', () => response.headersSent && record(server, request, info, user, response.statusCode));
  try {
    if (info === undefined) throw badRequest('the path is not decodable');
    const verdict = server.faults.judge(subjectOf(info, label, url.searchParams));
    if (verdict.delayMs > 0) await sleep(verdict.delayMs, undefined, { ref: false });
    if (verdict.error !== undefined) throw verdict.error instanceof StatusError ? verdict.error : injected(verdict.error.status);
    user = await authenticate(server.auth, request);
    authorize(server.auth, user, info, url.searchParams);
    const exchange: Exchange = { request, response, url, user, label, verdict };
    const bytes = info.kind === 'path' ? await handlePath(server, exchange) : await handleResource(server, exchange, info);
    server.counters.sent(label, bytes);
  } catch (error) {
    await answerFailure(server, request, response, label, error);
  }
}

async function answerFailure(server: ApiServer, request: IncomingMessage, response: ServerResponse, label: string, error: unknown): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // An unread body would otherwise be taken for the next request of the connection.
  request.resume();
  const status = error instanceof StatusError ? error : internalError(error instanceof Error ? error.message : String(error));
  server.counters.sent(label, await replyError(request, response, status));
}

function injected(code: number): StatusError {
  return new StatusError({ code, reason: code === 503 ? 'ServiceUnavailable' : 'InternalError', message: 'injected by a fault' });
}

/** `list pods`, `apply virtualservices.networking.istio.io`, `update deployments.apps/status`, `get /version`. */
function labelOf(request: IncomingMessage, info: RequestInfo | undefined): string {
  if (info === undefined) return 'invalid';
  if (info.kind === 'path') return `${info.verb} ${info.path.startsWith('/openapi/v3/') ? '/openapi/v3/*' : info.path}`;
  const verb = info.verb === 'patch' && mediaTypeOf(request) === PATCH_TYPES.apply ? 'apply' : info.verb;
  const resource = qualified({ group: info.group, plural: info.resource });
  return `${verb} ${resource}${info.subresource === undefined ? '' : `/${info.subresource}`}`;
}

function subjectOf(info: RequestInfo, label: string, query: URLSearchParams) {
  const [verb = ''] = label.split(' ');
  if (info.kind === 'path') return { verb, resource: info.path, resumes: false };
  const version = query.get('resourceVersion');
  const resumes = (verb === 'list' || verb === 'watch') && ((version !== null && version !== '' && version !== '0') || (query.get('continue') ?? '') !== '');
  return { verb, resource: qualified({ group: info.group, plural: info.resource }), resumes };
}

function record(server: ApiServer, request: IncomingMessage, info: RequestInfo | undefined, user: UserInfo, code: number): void {
  if (server.audit === undefined || info === undefined) return;
  const resource = info.kind === 'resource' ? info : undefined;
  server.audit.add({
    user: user.name,
    groups: user.groups,
    verb: info.verb,
    group: resource?.group ?? '',
    version: resource?.version ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    path: info.kind === 'path' ? info.path : '',
    userAgent: request.headers['user-agent'] ?? '',
    code,
  });
}
