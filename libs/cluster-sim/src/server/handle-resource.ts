import type { ResourceInfo } from '../seam.ts';
import { servesVersion } from './discovery.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { replyText } from './reply.ts';
import type { ResourceRequest } from './request-info.ts';
import { getOne, list, watch } from './resource-reads.ts';
import { create, patch, remove, removeCollection, update } from './resource-writes.ts';
import { methodNotAllowed, notFoundPath, StatusError } from './status-error.ts';

/** Subresources that are views of the object and need no handler of their own. */
const VIEWS = new Set(['status', 'scale', 'finalize', 'approval', 'ephemeralcontainers', 'resize']);

/** Routes a request below /api/v1 or /apis/{group}/{version} to its verb. Answers the bytes that it sent. */
export async function handleResource(server: ApiServer, exchange: Exchange, request: ResourceRequest): Promise<number> {
  const info = server.engine.registry.find(request.group, request.version, request.resource);
  if (info === undefined) {
    if (!servesVersion(server.engine.registry, request.group, request.version)) return replyText(exchange.response, 404, '404 page not found\n');
    throw notFoundPath();
  }
  refuseWrongScope(info, request);
  const virtual = server.auth.virtual(info, request.subresource);
  if (virtual !== undefined) {
    if (request.verb !== 'create') throw methodNotAllowed('');
    return create(server, exchange, info, request, virtual);
  }
  if (request.subresource !== undefined) return handleSubresource(server, exchange, info, request);
  refuseUnknownVerb(info, request.verb);
  const { name, namespace } = request;
  switch (request.verb) {
    case 'list':
      return list(server, exchange, info, namespace);
    case 'watch':
      watch(server, exchange, info, namespace, name);
      return 0;
    case 'create':
      if (name !== undefined) throw methodNotAllowed('');
      return create(server, exchange, info, request, undefined);
    case 'deletecollection':
      return removeCollection(server, exchange, info, request);
    default:
      return handleNamed(server, exchange, info, request);
  }
}

function handleNamed(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest): Promise<number> {
  const { name, namespace, verb } = request;
  if (name === undefined) throw methodNotAllowed('');
  switch (verb) {
    case 'get':
      return getOne(server, exchange, info, namespace, name, request.subresource);
    case 'update':
      return update(server, exchange, info, request, name);
    case 'patch':
      return patch(server, exchange, info, request, name);
    case 'delete':
      return remove(server, exchange, info, request, name);
    default:
      throw methodNotAllowed('');
  }
}

function handleSubresource(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest): Promise<number> {
  const { subresource = '' } = request;
  if (!info.subresources.some((known) => known === subresource)) throw notFoundPath();
  if (!VIEWS.has(subresource)) {
    throw new StatusError({ code: 501, reason: 'NotImplemented', message: `the simulated cluster has nothing behind ${info.plural}/${subresource}` });
  }
  if (!['get', 'update', 'patch'].includes(request.verb)) throw methodNotAllowed('');
  return handleNamed(server, exchange, info, request);
}

/** A namespaced resource is written inside a namespace, a cluster-scoped one outside. */
function refuseWrongScope(info: ResourceInfo, request: ResourceRequest): void {
  const inNamespace = request.namespace !== undefined && !(info.plural === 'namespaces' && info.group === '');
  if (inNamespace && !info.namespaced) throw notFoundPath();
  if (!inNamespace && info.namespaced && (request.name !== undefined || request.verb === 'create')) {
    if (request.name === undefined && info.verbs.length === 1) return;
    throw request.name === undefined ? methodNotAllowed('') : notFoundPath();
  }
}

function refuseUnknownVerb(info: ResourceInfo, verb: string): void {
  if (verb === '' || !info.verbs.includes(verb)) throw methodNotAllowed('');
}
