import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../seam.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { negotiate, supportsObject, type Wanted } from './media-type.ts';
import { apiVersionOf } from './objects/strategy.ts';
import { mustRead } from './objects/engine.ts';
import { listObjects, parseResourceVersion, type ListResult } from './objects/list-objects.ts';
import type { WatchEvent } from './objects/watch-objects.ts';
import { partialMetadata } from './partial-metadata.ts';
import { reply } from './reply.ts';
import { isTrue } from './request-info.ts';
import { toScale } from './scale.ts';
import { itemJson, objectJson } from './serialize.ts';
import { badRequest, invalid, notAcceptable, StatusError, timeout } from './status-error.ts';
import { toTable, type IncludeObject } from './table.ts';
import { streamWatch } from './watch-stream.ts';

/** The form that the client takes, or 406. */
export function wantedForm(exchange: Exchange): Wanted {
  const wanted = negotiate(exchange.request.headers.accept, supportsObject);
  if (wanted !== undefined) return wanted;
  throw notAcceptable('only the following media types are accepted: application/json, application/yaml');
}

/** GET of one object, its status or its scale. */
export async function getOne(server: ApiServer, exchange: Exchange, info: ResourceInfo, namespace: string | undefined, name: string, subresource: string | undefined): Promise<number> {
  const wanted = wantedForm(exchange);
  refuseFuture(server, exchange.url.searchParams.get('resourceVersion') ?? undefined);
  const object = mustRead(server.engine, info, namespace, name);
  const shown = subresource === 'scale' ? toScale(info, object) : object;
  return replyObject(server, exchange, info, shown, 200, [], wanted);
}

/** Answers one object in the form that the client wants. */
export async function replyObject(
  server: ApiServer,
  exchange: Exchange,
  info: ResourceInfo,
  object: KubeObject,
  code: number,
  warnings: readonly string[],
  wanted: Wanted,
): Promise<number> {
  const { request, response } = exchange;
  return reply(request, response, code, objectBody(server, exchange, info, object, wanted), wanted, warnings);
}

function objectBody(server: ApiServer, exchange: Exchange, info: ResourceInfo, object: KubeObject, wanted: Wanted, headers = true): string {
  switch (wanted.as) {
    case 'Table': {
      const { resourceVersion } = object.metadata;
      return JSON.stringify(toTable(info, [object], resourceVersion === undefined ? {} : { resourceVersion }, tableOptions(server, exchange, wanted, headers)));
    }
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return JSON.stringify(partialMetadata(object));
    default:
      return objectJson(object);
  }
}

function tableOptions(server: ApiServer, exchange: Exchange, wanted: Wanted, headers: boolean) {
  const include = exchange.url.searchParams.get('includeObject') ?? 'Metadata';
  if (include !== 'None' && include !== 'Metadata' && include !== 'Object') {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  }
  const includeObject: IncludeObject = include;
  return { includeObject, version: wanted.version ?? 'v1', now: server.engine.now(), headers };
}

/** LIST. Items are joined from texts that are kept with the objects: a page costs no second serialization. */
export async function list(server: ApiServer, exchange: Exchange, info: ResourceInfo, namespace: string | undefined): Promise<number> {
  const wanted = wantedForm(exchange);
  if (exchange.url.searchParams.has('sendInitialEvents')) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      { reason: 'FieldValueForbidden', message: 'Forbidden: sendInitialEvents is forbidden for list', field: 'sendInitialEvents' },
    ]);
  }
  const result = listObjects(server.engine, info, namespace, listOptions(exchange.url.searchParams));
  return replyList(server, exchange, info, result, wanted);
}

export async function replyList(server: ApiServer, exchange: Exchange, info: ResourceInfo, result: ListResult, wanted: Wanted): Promise<number> {
  const { items, ...listMeta } = result;
  const { request, response } = exchange;
  const body = (): string => {
    switch (wanted.as) {
      case 'Table':
        return JSON.stringify(toTable(info, items, listMeta, tableOptions(server, exchange, wanted, true)));
      case 'PartialObjectMetadata':
      case 'PartialObjectMetadataList':
        return JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMeta, items: items.map(partialMetadata) });
      default: {
        const head = JSON.stringify({ kind: info.listKind ?? `${info.kind}List`, apiVersion: apiVersionOf(info), metadata: listMeta });
        const itemText = info.custom ? objectJson : itemJson;
        return `${head.slice(0, -1)},"items":[${items.map(itemText).join(',')}]}\n`;
      }
    }
  };
  return reply(request, response, 200, body(), wanted);
}

function listOptions(query: URLSearchParams) {
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  const limit = query.get('limit');
  if (limit !== null && limit !== '' && !/^-?\d+$/.test(limit)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(limit)}: invalid syntax`);
  return Object.fromEntries(
    Object.entries({
      labelSelector: text('labelSelector'),
      fieldSelector: text('fieldSelector'),
      continue: text('continue'),
      resourceVersion: text('resourceVersion'),
      resourceVersionMatch: text('resourceVersionMatch'),
      limit: limit === null || limit === '' ? undefined : Math.max(0, Number(limit)),
    }).filter(([, value]) => value !== undefined),
  );
}

/** WATCH, of a collection or of one object by its name. */
export function watch(server: ApiServer, exchange: Exchange, info: ResourceInfo, namespace: string | undefined, name?: string): void {
  const wanted = wantedForm(exchange);
  const query = exchange.url.searchParams;
  const selector = [query.get('fieldSelector') ?? '', ...(name === undefined ? [] : [`metadata.name=${name}`])].filter((part) => part !== '').join(',');
  const sendInitialEvents = query.get('sendInitialEvents');
  const options = {
    ...listOptions(query),
    ...(selector === '' ? {} : { fieldSelector: selector }),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    ...(sendInitialEvents === null ? {} : { sendInitialEvents: isTrue(sendInitialEvents) }),
  };
  const asked = query.get('resourceVersion') ?? '';
  // The watch cache parses it, too late to call it the client's fault.
  if (asked !== '' && !/^\d+$/.test(asked)) throw unreadableVersion(asked);
  let headers = true;
  const body = (event: WatchEvent): string => {
    if (event.type === 'ERROR') return JSON.stringify(event.object);
    if (event.type === 'BOOKMARK' && wanted.as !== 'Table') return JSON.stringify(event.object);
    const text = objectBody(server, exchange, info, event.object, wanted, headers);
    headers = false;
    return text;
  };
  streamWatch(server, exchange, info, namespace, options, body);
}

function unreadableVersion(asked: string): StatusError {
  return new StatusError({ code: 500, message: `resourceVersion: Invalid value: ${JSON.stringify(asked)}: strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax` });
}

function refuseFuture(server: ApiServer, resourceVersion: string | undefined): void {
  const asked = parseResourceVersion(resourceVersion);
  const current = server.engine.store.resourceVersion;
  if (asked === undefined || asked <= current) return;
  throw timeout(`Too large resource version: ${asked}, current: ${current}`, 1, [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]);
}
