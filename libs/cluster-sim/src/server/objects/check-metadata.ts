import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../../seam.ts';
import { badRequest, forbidden, invalid, notFound, StatusError } from '../status-error.ts';
import type { Engine } from './engine.ts';
import { apiVersionOf } from './strategy.ts';

/** The body must be an object of the kind that the path names. */
export function checkKind(info: ResourceInfo, object: KubeObject): void {
  const expected = apiVersionOf(info);
  if (object.apiVersion !== expected) {
    throw badRequest(`the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`);
  }
  if (object.kind !== info.kind) {
    throw badRequest(`${object.kind} in version ${JSON.stringify(info.version)} cannot be handled as a ${info.kind}: the kind of the body is not the kind of the resource`);
  }
}

/** Fills in or compares the namespace of the path. */
export function withNamespace(info: ResourceInfo, namespace: string | undefined, object: KubeObject): KubeObject {
  const given = object.metadata.namespace;
  if (!info.namespaced) {
    if (given === undefined || given === '') return object;
    const { namespace: _dropped, ...metadata } = object.metadata;
    throw badRequest(`namespace is not allowed for cluster-scoped ${info.plural} (${metadata.name ?? ''})`);
  }
  if (given !== undefined && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return given === namespace ? object : { ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } };
}

export function checkName(name: string, object: KubeObject): void {
  if (object.metadata.name !== undefined && object.metadata.name !== '' && object.metadata.name !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
}

/** New content needs a namespace that exists and is not on its way out. */
export function checkNamespaceOpen(engine: Engine, info: ResourceInfo, namespace: string | undefined, name: string): void {
  if (!info.namespaced || namespace === undefined) return;
  const kept = engine.store.table('namespaces').get(namespace);
  if (kept === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (kept.metadata.deletionTimestamp === undefined) return;
  const error = forbidden(info, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
  throw withCauses(error, [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }]);
}

/** A dying object takes no new finalizers. */
export function checkFinalizers(info: ResourceInfo, live: KubeObject, next: KubeObject): void {
  if (live.metadata.deletionTimestamp === undefined) return;
  const before = new Set(live.metadata.finalizers ?? []);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  throw invalid(info, next.metadata.name ?? '', [
    {
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      field: 'metadata.finalizers',
    },
  ]);
}

function withCauses(error: StatusError, causes: NonNullable<NonNullable<StatusError['status']['details']>['causes']>): StatusError {
  return new StatusError({
    code: error.status.code,
    reason: error.status.reason ?? '',
    message: error.status.message ?? '',
    details: { ...error.status.details, causes },
  });
}
