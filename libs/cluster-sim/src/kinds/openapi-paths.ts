import type { Json, JsonObject } from '@meshfleet/model';
import type { ResourceInfo } from '../seam.ts';

const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml', 'application/apply-patch+cbor'];
const query = (name: string, type: string): JsonObject => ({ name, in: 'query', schema: { type, uniqueItems: true } });
const WRITE_PARAMETERS: readonly Json[] = [query('dryRun', 'string'), query('fieldManager', 'string'), query('fieldValidation', 'string')];
const LIST_PARAMETERS: readonly Json[] = [
  query('allowWatchBookmarks', 'boolean'), query('continue', 'string'), query('fieldSelector', 'string'), query('labelSelector', 'string'),
  query('limit', 'integer'), query('resourceVersion', 'string'), query('resourceVersionMatch', 'string'), query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'), query('watch', 'boolean'),
];

/**
 * The paths of a group and version, as far as clients read them: kubectl finds a resource's kind by its path, its patch types by
 * the request body, and whether fields are validated here by the parameters of PATCH.
 */
export function openapiPaths(infos: readonly ResourceInfo[], reference: (info: ResourceInfo) => string | undefined): JsonObject {
  const paths: Record<string, Json> = {};
  for (const info of infos) {
    const root = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`;
    const ref = reference(info);
    const schema: JsonObject = ref === undefined ? { type: 'object' } : { $ref: ref };
    const base = info.namespaced ? `${root}/namespaces/{namespace}/${info.plural}` : `${root}/${info.plural}`;
    paths[base] = collection(info, schema);
    if (info.namespaced && info.verbs.includes('list')) paths[`${root}/${info.plural}`] = pick({ get: operation(info, 'list', schema, LIST_PARAMETERS) });
    if (info.verbs.includes('get')) paths[`${base}/{name}`] = item(info, schema);
    for (const subresource of ['status', 'scale'] as const)
      if (info.subresources.includes(subresource) && subresource === 'status') paths[`${base}/{name}/${subresource}`] = item(info, schema);
  }
  return paths;
}

function collection(info: ResourceInfo, schema: JsonObject): JsonObject {
  return pick({
    get: info.verbs.includes('list') ? operation(info, 'list', schema, LIST_PARAMETERS) : undefined,
    post: info.verbs.includes('create') ? operation(info, 'post', schema, WRITE_PARAMETERS, ['*/*']) : undefined,
    delete: info.verbs.includes('deletecollection') ? operation(info, 'deletecollection', schema, LIST_PARAMETERS) : undefined,
  });
}

function item(info: ResourceInfo, schema: JsonObject): JsonObject {
  const patchTypes = info.custom ? PATCH_TYPES : [...PATCH_TYPES, 'application/strategic-merge-patch+json'];
  return pick({
    get: operation(info, 'get', schema, []),
    put: info.verbs.includes('update') ? operation(info, 'put', schema, WRITE_PARAMETERS, ['*/*']) : undefined,
    patch: info.verbs.includes('patch') ? operation(info, 'patch', schema, [...WRITE_PARAMETERS, query('force', 'boolean')], patchTypes) : undefined,
    delete: info.verbs.includes('delete') ? operation(info, 'delete', schema, [query('dryRun', 'string'), query('propagationPolicy', 'string')]) : undefined,
  });
}

function operation(info: ResourceInfo, action: string, schema: JsonObject, parameters: readonly Json[], bodyTypes?: readonly string[]): JsonObject {
  return {
    parameters,
    ...(bodyTypes === undefined
      ? {}
      : { requestBody: { content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: action === 'patch' ? { type: 'object' } : schema }])), required: true } }),
    responses: { '200': { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: info.group, version: info.version, kind: info.kind },
  };
}

function pick(operations: Record<string, JsonObject | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(operations).filter((entry): entry is [string, JsonObject] => entry[1] !== undefined));
}
