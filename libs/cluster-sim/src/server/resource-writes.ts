import type { KubeObject } from '@meshfleet/model';
import { isRecord } from '../apply/json-equal.ts';
import type { ResourceInfo, VirtualResource } from '../seam.ts';
import { readDeleteOptions } from './delete-options.ts';
import type { ApiServer, Exchange } from './exchange.ts';
import { mustRead, read, type WriteContext, type Written } from './objects/engine.ts';
import { applyObject } from './objects/apply-object.ts';
import { createObject } from './objects/create-object.ts';
import { deleteObject } from './objects/delete-object.ts';
import { apiVersionOf, strategyOf } from './objects/strategy.ts';
import { listObjects } from './objects/list-objects.ts';
import { applyPatch, PATCH_TYPES, patchObject, refuseUnknownType } from './objects/patch-object.ts';
import { updateObject } from './objects/update-object.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { isEmpty, mediaTypeOf, parseBody, readBody, type Body } from './read-body.ts';
import { reply } from './reply.ts';
import type { ResourceRequest } from './request-info.ts';
import { replyList, replyObject, wantedForm } from './resource-reads.ts';
import { toScale, writeScale } from './scale.ts';
import { badRequest, forbidden, StatusError } from './status-error.ts';
import { checkPatchOptions, writeContext } from './write-context.ts';

const SUMMARY_LENGTH = 30;

/** A subresource that stands for the object itself when it is written. */
function written(subresource: string | undefined): string {
  return subresource ?? '';
}

/** POST on a collection, or on a subresource that something virtual answers. */
export async function create(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest, virtual: VirtualResource | undefined): Promise<number> {
  const wanted = wantedForm(exchange);
  const { body, duplicates } = await readObject(server, exchange, info);
  const context = writeContext(exchange.url.searchParams, exchange.request.headers['user-agent'], exchange.user, 'CreateOptions', duplicates);
  if (virtual !== undefined) {
    const answer = await virtual.handle({
      info,
      body,
      user: exchange.user,
      dryRun: context.dryRun,
      store: server.engine.view,
      ...(request.subresource === undefined ? {} : { subresource: request.subresource }),
      ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
      ...(request.name === undefined ? {} : { name: request.name }),
    });
    return reply(exchange.request, exchange.response, 201, JSON.stringify(answer), wanted);
  }
  const { object, warnings } = decodedFirst(server, info, body, context, () => createObject(server.engine, info, request.namespace, body, context));
  return replyObject(server, exchange, info, object, 201, warnings, wanted);
}

/** PUT on an object, its status, its scale. */
export async function update(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest, name: string): Promise<number> {
  const wanted = wantedForm(exchange);
  const { body, duplicates } = await readObject(server, exchange, info);
  const context = writeContext(exchange.url.searchParams, exchange.request.headers['user-agent'], exchange.user, 'UpdateOptions', duplicates);
  if (request.subresource === 'scale') {
    return replyObject(server, exchange, info, writeScale(server.engine, info, request.namespace, name, body, context), 200, [], wanted);
  }
  const result = decodedFirst(server, info, body, context, () => updateObject(server.engine, info, request.namespace, name, body, context, written(request.subresource)));
  // What /status passes over is warned of all the same.
  const warnings = request.subresource === 'status' ? decodeWarnings(server, info, body, context) : result.warnings;
  return replyObject(server, exchange, info, result.object, result.created ? 201 : 200, warnings, wanted);
}

/** kube-apiserver decodes before it looks at anything else. Decoding twice costs, so that is found out only where the write was refused. */
function decodedFirst(server: ApiServer, info: ResourceInfo, body: KubeObject, context: WriteContext, write: () => Written): Written {
  try {
    return write();
  } catch (error) {
    if (error instanceof StatusError && error.status.code !== 400) {
      const decoded = decodeWarnings(server, info, body, context);
      // Who came far enough to warn has these among the others.
      if (error.warnings.length === 0) error.warning(decoded);
    }
    throw error;
  }
}

function decodeWarnings({ engine }: ApiServer, info: ResourceInfo, body: KubeObject, context: WriteContext): string[] {
  return engine.admission.decode?.(info, body, { ...context, store: engine.view }) ?? [];
}

/** PATCH in its four forms. */
export async function patch(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest, name: string): Promise<number> {
  const wanted = wantedForm(exchange);
  const { engine } = server;
  const mediaType = mediaTypeOf(exchange.request);
  refuseUnknownType(info, mediaType);
  const force = checkPatchOptions(exchange.url.searchParams, mediaType === PATCH_TYPES.apply);
  const context = writeContext(exchange.url.searchParams, exchange.request.headers['user-agent'], exchange.user, 'PatchOptions');
  const body = await readJson(server, exchange, mediaType);
  const subresource = written(request.subresource);
  if (subresource === 'scale') {
    const scale = toScale(info, mustRead(engine, info, request.namespace, name));
    const patched = applyPatch(engine, info, scale, body, mediaType === PATCH_TYPES.json ? mediaType : PATCH_TYPES.merge);
    return replyObject(server, exchange, info, writeScale(engine, info, request.namespace, name, patched, context), 200, [], wanted);
  }
  if (mediaType === PATCH_TYPES.apply && read(engine, info, request.namespace, name) === undefined) {
    mayCreate(server, exchange, info, request, name);
  }
  const result = mediaType === PATCH_TYPES.apply
    ? applyObject(engine, info, request.namespace, name, body, force, context, subresource)
    : patchObject(engine, info, request.namespace, name, body, mediaType, context, subresource);
  return replyObject(server, exchange, info, result.object, result.created ? 201 : 200, result.warnings, wanted);
}

/** Applying what is not there creates it, and needs the right to. */
function mayCreate(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest, name: string): void {
  const decision = server.auth.authorizer.authorize(exchange.user, {
    verb: 'create',
    group: info.group,
    version: info.version,
    resource: info.plural,
    name,
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
  });
  if (decision.allowed) return;
  const where = request.namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(request.namespace)}`;
  throw forbidden(
    info,
    name,
    `User ${JSON.stringify(exchange.user.name)} cannot create resource ${JSON.stringify(info.plural)} in API group ${JSON.stringify(info.group)} ${where}` +
      (decision.reason === '' ? '' : `: ${decision.reason}`),
  );
}

/** DELETE of one object: a Status when it is gone, the object while it is still going. */
export async function remove(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest, name: string): Promise<number> {
  const wanted = wantedForm(exchange);
  const { options, dryRun, accepted } = readDeleteOptions(await readOptionalJson(server, exchange), exchange.url.searchParams);
  const { object, gone } = deleteObject(server.engine, info, request.namespace, name, options, { user: exchange.user, dryRun });
  if (!gone || strategyOf(info).returnsDeleted) return replyObject(server, exchange, info, object, accepted ? 202 : 200, [], wanted);
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(info.group === '' ? {} : { group: info.group }), kind: info.plural, uid: object.metadata.uid },
  };
  return reply(exchange.request, exchange.response, 200, JSON.stringify(status), wanted);
}

/** DELETE on a collection: every object that the selectors match, answered as the list of them. */
export async function removeCollection(server: ApiServer, exchange: Exchange, info: ResourceInfo, request: ResourceRequest): Promise<number> {
  const wanted = wantedForm(exchange);
  const query = exchange.url.searchParams;
  const { options, dryRun } = readDeleteOptions(await readOptionalJson(server, exchange), query);
  const [labelSelector, fieldSelector] = [query.get('labelSelector'), query.get('fieldSelector')];
  const found = listObjects(server.engine, info, request.namespace, {
    ...(labelSelector === null ? {} : { labelSelector }),
    ...(fieldSelector === null ? {} : { fieldSelector }),
  });
  const items: KubeObject[] = [];
  for (const { metadata } of found.items) {
    const name = metadata.name ?? '';
    // Deleting one may take others with it.
    if (read(server.engine, info, metadata.namespace, name) === undefined) continue;
    items.push(deleteObject(server.engine, info, metadata.namespace, name, options, { user: exchange.user, dryRun }).object);
  }
  return replyList(server, exchange, info, { items, resourceVersion: String(server.engine.store.resourceVersion) }, wanted);
}

async function readObject(server: ApiServer, exchange: Exchange, info: ResourceInfo): Promise<{ body: KubeObject; duplicates: readonly string[] }> {
  const mediaType = mediaTypeOf(exchange.request);
  const raw = await readWhole(server, exchange);
  const parsed = parseBody(raw, mediaType);
  const duplicates = mediaType === 'application/json' ? duplicateFields(Buffer.from(raw.bytes).toString('utf8')) : [];
  if (!isRecord(parsed)) throw badRequest('the object provided is unrecognized (must be of type object)');
  const { metadata } = parsed;
  // Built-in kinds are decoded into the type that the path names; only custom resources must say what they are.
  const { apiVersion, kind } = info.custom ? parsed : { apiVersion: apiVersionOf(info), kind: info.kind, ...parsed };
  if (typeof kind !== 'string' || kind === '') throw unrecognized(info, 'Kind', raw, exchange);
  if (typeof apiVersion !== 'string' || apiVersion === '') throw unrecognized(info, 'apiVersion', raw, exchange);
  if (metadata !== undefined && metadata !== null && !isRecord(metadata)) throw badRequest('metadata: expected an object');
  // The parts that this half relies on are checked; admission judges the rest.
  return { body: { ...parsed, apiVersion, kind, metadata: metadata ?? {} } as KubeObject, duplicates };
}

/** The whole body, and then its beginning once more: kube-apiserver's words. */
function unrecognized(info: ResourceInfo, missing: string, { bytes }: Body, exchange: Exchange): Error {
  const text = Buffer.from(bytes).toString('utf8');
  if (exchange.url.searchParams.get('fieldValidation') === 'Ignore') return badRequest(`${info.kind} in version ${JSON.stringify(info.version)} cannot be handled as a ${info.kind}: Object '${missing}' is missing in '${text}'`);
  const summary = text.length < SUMMARY_LENGTH ? text : `${text.slice(0, SUMMARY_LENGTH)} ...`;
  return badRequest(`the object provided is unrecognized (must be of type ${info.kind}): Object '${missing}' is missing in '${text}' (${summary})`);
}

async function readOptionalJson(server: ApiServer, exchange: Exchange): Promise<unknown> {
  const body = await readBody(exchange.request);
  server.counters.received(exchange.label, body.bytes.byteLength);
  return isEmpty(body) ? undefined : parseBody(body, mediaTypeOf(exchange.request));
}

async function readJson(server: ApiServer, exchange: Exchange, mediaType: string): Promise<unknown> {
  return parseBody(await readWhole(server, exchange), mediaType);
}

async function readWhole(server: ApiServer, exchange: Exchange): Promise<Body> {
  const body = await readBody(exchange.request);
  server.counters.received(exchange.label, body.bytes.byteLength);
  if (isEmpty(body)) throw badRequest('the body of the request is empty');
  return body;
}
