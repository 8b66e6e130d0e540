import type { KubeObject } from '@meshfleet/model';
import { applyConfiguration } from '../../apply/field-manager.ts';
import { isRecord } from '../../apply/json-equal.ts';
import { UndecodableError } from '../../schema/decode-builtin.ts';
import type { ResourceInfo } from '../../seam.ts';
import { badRequest, conflict, invalid, notFound, StatusError } from '../status-error.ts';
import { checkName, withNamespace } from './check-metadata.ts';
import { insert } from './create-object.ts';
import { saysEmptyMetadata } from './empty-metadata.ts';
import { read, type Engine, type WriteContext, type Written } from './engine.ts';
import { fieldContext } from './field-ownership.ts';
import { apiVersionOf, strategyOf } from './strategy.ts';
import { checkResourceVersion, replace } from './update-object.ts';

/** PATCH application/apply-patch+yaml: server-side apply. Creates what is not there. */
export function applyObject(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  name: string,
  body: unknown,
  force: boolean,
  given: WriteContext,
  subresource = '',
): Written {
  const context: WriteContext = { ...given, keepNulls: true };
  const config = configuration(info, namespace, name, body);
  const live = read(engine, info, namespace, name);
  const fields = fieldContext(engine, info, context, subresource);
  if (live === undefined) {
    if (subresource !== '' && !strategyOf(info).createOnUpdate) throw notFound(info, name);
    refuseStaleCreate(info, config);
    const empty: KubeObject = { apiVersion: config.apiVersion, kind: config.kind, metadata: {} };
    const { object: first } = applyConfiguration(empty, config, fields, force);
    checkConverts(engine, info, first, config);
    const named = withNamespace(info, namespace, { ...first, metadata: { ...first.metadata, name } });
    return insert(engine, info, namespace, named, { ...context, emptyMetadata: saysEmptyMetadata(info, first) }, (created) => created);
  }
  const { object } = applyConfiguration(live, config, fields, force);
  checkConverts(engine, info, object, config);
  checkUid(info, live, config);
  checkResourceVersion(info, live, config, false);
  const emptyMetadata = subresource === '' && saysEmptyMetadata(info, object);
  return replace(engine, info, live, object, { ...context, emptyMetadata }, subresource, (next) => next);
}

function configuration(info: ResourceInfo, namespace: string | undefined, name: string, body: unknown): KubeObject {
  if (!isRecord(body)) throw badRequest('error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}');
  const metadata = body['metadata'] ?? {};
  if (!isRecord(metadata)) throw badRequest('error decoding YAML: metadata is not an object');
  const apiVersion = typeof body['apiVersion'] === 'string' ? body['apiVersion'] : '';
  const kind = typeof body['kind'] === 'string' ? body['kind'] : '';
  if (apiVersion !== apiVersionOf(info) || kind !== info.kind) {
    throw badRequest(`invalid object type: ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`);
  }
  // apiVersion, kind and metadata are checked above; the rest is what the schema judges.
  const config = { ...body, metadata } as unknown as KubeObject;
  if (config.metadata.name === undefined || config.metadata.name === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  checkName(name, config);
  withNamespace(info, namespace, config);
  return config;
}

/** The merged object becomes a Go struct again, which not every scalar fits. */
function checkConverts(engine: Engine, info: ResourceInfo, object: KubeObject, config: KubeObject): void {
  try {
    engine.admission.defaults?.(info, object);
  } catch (error) {
    if (!(error instanceof StatusError) || !(error.cause instanceof UndecodableError)) throw error;
    const kind = `${info.group}/${info.version}, Kind=${info.kind}`;
    const why = `${error.cause.byJson ? 'error decoding from json: ' : ''}${error.cause.message}`;
    throw new StatusError({
      code: 500,
      message: `failed to convert new object (${config.metadata.namespace ?? ''}/${config.metadata.name ?? ''}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${why}`,
    });
  }
}

/** An apply is compared with the live object as a whole, so that another uid is a change of a field like any other. */
function checkUid(info: ResourceInfo, live: KubeObject, config: KubeObject): void {
  const { uid } = config.metadata;
  if (uid === undefined || uid === '' || uid === live.metadata.uid) return;
  throw invalid(info, live.metadata.name ?? '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`, field: 'metadata.uid' },
  ]);
}

/** Who names a uid expects an object: making a new one would be a surprise. */
function refuseStaleCreate(info: ResourceInfo, config: KubeObject): void {
  const { uid, name = '' } = config.metadata;
  if (uid !== undefined && uid !== '') {
    throw conflict(info, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  }
}
