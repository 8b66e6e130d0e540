import type { JsonObject } from '@meshfleet/model';
import { aggregatedDiscovery, coreVersions, groupInfo, groupList, resourceList } from './discovery.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { negotiate, type Wanted } from './media-type.ts';
import { reply, replyText } from './reply.ts';
import { notAcceptable } from './status-error.ts';

/** Requests outside the resources: discovery, OpenAPI, version, health. Answers the bytes that it sent. */
export async function handlePath(server: ApiServer, exchange: Exchange): Promise<number> {
  const { request, response, url } = exchange;
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : url.pathname;
  if (request.method !== 'GET' && request.method !== 'HEAD') return replyText(response, 405, 'method not allowed\n');
  if (/^\/(healthz|livez|readyz)(\/[\w-]+)*$/.test(path)) return replyText(response, 200, url.searchParams.has('verbose') ? `[+]ping ok\n${path.slice(1)} check passed\n` : 'ok');
  const document = await documentAt(server, exchange, path);
  if (document === undefined) return replyText(response, 404, '404 page not found\n');
  return reply(request, response, 200, JSON.stringify(document), { format: 'json' }, [], discoveryType(document));
}

/** Clients recognise the aggregated form by the content type of the answer. */
function discoveryType(document: object): string | undefined {
  return 'kind' in document && document.kind === 'APIGroupDiscoveryList' ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' : undefined;
}

async function documentAt(server: ApiServer, exchange: Exchange, path: string): Promise<object | undefined> {
  const { registry } = server.engine;
  switch (path) {
    case '/':
      return { paths: paths(server) };
    case '/version':
      return server.versionInfo;
    case '/api':
      return wantsAggregated(exchange) ? aggregatedDiscovery(registry, true) : coreVersions(server.address());
    case '/apis':
      return wantsAggregated(exchange) ? aggregatedDiscovery(registry, false) : groupList(registry);
    case '/openapi/v2':
      return openapiV2(server, exchange);
    case '/openapi/v3':
      return registry.openapiV3().index;
    case '/openid/v1/jwks':
      return server.auth.jwks?.();
    case '/.well-known/openid-configuration':
      return openidConfiguration(exchange);
    default:
      return pathDocument(server, path);
  }
}

function pathDocument(server: ApiServer, path: string): object | undefined {
  const { registry } = server.engine;
  if (path.startsWith('/openapi/v3/')) return registry.openapiV3().document(path.slice('/openapi/v3/'.length));
  const [root, group = '', version, ...more] = path.split('/').slice(1);
  if (more.length > 0) return undefined;
  if (root === 'api') return version === undefined ? resourceList(registry, '', group) : undefined;
  if (root !== 'apis') return undefined;
  return version === undefined ? groupInfo(registry, group) : resourceList(registry, group, version);
}

function openapiV2(server: ApiServer, exchange: Exchange): JsonObject {
  const document = server.engine.registry.openapiV2?.();
  const wanted = negotiate(exchange.request.headers.accept, (clause) => clause.as === undefined);
  if (wanted === undefined) throw notAcceptable('only the following media types are accepted: application/json');
  return document ?? { swagger: '2.0', info: { title: 'Kubernetes', version: server.versionInfo['gitVersion'] ?? '' }, paths: {}, definitions: {} };
}

const AGGREGATED = (wanted: Wanted): boolean =>
  wanted.as === undefined || (wanted.as === 'APIGroupDiscoveryList' && wanted.group === 'apidiscovery.k8s.io' && wanted.version === 'v2');

function wantsAggregated(exchange: Exchange): boolean {
  return negotiate(exchange.request.headers.accept, AGGREGATED)?.as === 'APIGroupDiscoveryList';
}

function openidConfiguration(exchange: Exchange): object {
  const issuer = `https://${exchange.request.headers.host ?? ''}`;
  return {
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

function paths(server: ApiServer): string[] {
  const versions = new Set(server.engine.registry.resources().flatMap(({ group, version }) => (group === '' ? ['/api', `/api/${version}`] : ['/apis', `/apis/${group}`, `/apis/${group}/${version}`])));
  return [...versions, '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'].sort();
}
