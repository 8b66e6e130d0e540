import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@meshfleet/model';
import type { ResourceInfo } from '../seam.ts';
import { builtinTypeName } from './builtin-schema.ts';
import { builtinSchemas } from './facts.ts';
import { openapiPaths } from './openapi-paths.ts';
import type { CustomResource } from './registry.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const REF = '#/components/schemas/';

const builtinDocuments = new Map<string, { document: JsonObject; hash: string }>();
const customDocuments = new WeakMap<CustomResource, { document: JsonObject; hash: string }>();

/**
 * The OpenAPI v3 documents of a cluster: one per group and version, and their index. kubectl reads them for `explain`, for
 * strategic merge keys and to learn that the server validates fields. Made when asked for, and kept for all clusters.
 */
export function openapiDocuments(
  resources: readonly ResourceInfo[],
  custom: readonly CustomResource[],
): { index: JsonObject; document(path: string): JsonObject | undefined } {
  const byPath = new Map<string, ResourceInfo[]>();
  for (const info of resources) {
    const path = documentPath(info.group, info.version);
    const list = byPath.get(path);
    if (list) list.push(info);
    else byPath.set(path, [info]);
  }
  const customOf = new Map(custom.map((resource) => [resource.info, resource]));
  const build = (path: string): { document: JsonObject; hash: string } | undefined => {
    const infos = byPath.get(path);
    if (!infos) return undefined;
    const customs = infos.map((info) => customOf.get(info)).filter((resource) => resource !== undefined);
    return customs.length === 0 ? builtinDocument(path, infos) : customDocument(customs);
  };
  return {
    get index(): JsonObject {
      const paths = [...byPath.keys()].map((path): [string, Json] => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${build(path)?.hash ?? ''}` }]);
      return { paths: Object.fromEntries(paths) };
    },
    document: (path) => build(path.replace(/^\/+/, ''))?.document,
  };
}

/** Path of a document below /openapi/v3: `api/v1`, `apis/apps/v1`. */
function documentPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function builtinDocument(path: string, infos: readonly ResourceInfo[]): { document: JsonObject; hash: string } {
  const known = builtinDocuments.get(path);
  if (known) return known;
  const roots = infos.flatMap((info) => {
    const name = builtinTypeName(info.group, info.version, info.kind);
    return name === undefined ? [] : [name, `${name}List`];
  });
  const built = seal(infos, schemasFrom(roots), (info) => builtinTypeName(info.group, info.version, info.kind));
  builtinDocuments.set(path, built);
  return built;
}

function customDocument(customs: readonly CustomResource[]): { document: JsonObject; hash: string } {
  const [first] = customs;
  const known = first && customs.length === 1 ? customDocuments.get(first) : undefined;
  if (known) return known;
  const schemas: Record<string, Json> = { ...schemasFrom([OBJECT_META, LIST_META]) };
  for (const { info, published } of customs) {
    const name = customTypeName(info);
    schemas[name] = { ...published, 'x-kubernetes-group-version-kind': [{ group: info.group, version: info.version, kind: info.kind }] };
    schemas[`${name}List`] = listSchema(info, name);
  }
  const built = seal(customs.map((resource) => resource.info), schemas, customTypeName);
  if (first && customs.length === 1) customDocuments.set(first, built);
  return built;
}

/** `networking.istio.io/v1 VirtualService` is published as `io.istio.networking.v1.VirtualService`. */
function customTypeName(info: ResourceInfo): string {
  return `${info.group.split('.').toReversed().join('.')}.${info.version}.${info.kind}`;
}

function listSchema(info: ResourceInfo, name: string): JsonObject {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      items: { type: 'array', items: { $ref: `${REF}${name}` } },
      metadata: { allOf: [{ $ref: `${REF}${LIST_META}` }] },
    },
    'x-kubernetes-group-version-kind': [{ group: info.group, version: info.version, kind: info.listKind ?? `${info.kind}List` }],
  };
}

function seal(infos: readonly ResourceInfo[], schemas: Record<string, Json>, typeOf: (info: ResourceInfo) => string | undefined): { document: JsonObject; hash: string } {
  const document: JsonObject = {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: openapiPaths(infos, (info) => {
      const name = typeOf(info);
      return name === undefined ? undefined : `${REF}${name}`;
    }),
    components: { schemas },
  };
  const hash = createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase();
  return { document, hash };
}

/** The named schemas and all that they refer to. */
function schemasFrom(roots: readonly string[]): Record<string, Json> {
  const found: Record<string, Json> = {};
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = builtinSchemas[name];
    if (schema === undefined || found[name] !== undefined) continue;
    found[name] = schema;
    for (const match of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) if (match[1] !== undefined) open.push(match[1]);
  }
  return found;
}
