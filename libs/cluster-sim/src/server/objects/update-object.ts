import type { KubeObject, ObjectMeta } from '@meshfleet/model';
import { jsonEqual } from '../../apply/json-equal.ts';
import { typeNameOf } from '../../kinds/builtin-schema.ts';
import { pathsSaidEmpty, saidEmptyWithin } from '../../schema/go-struct.ts';
import type { ResourceInfo } from '../../seam.ts';
import { keyOf } from '../../storage/table.ts';
import { conflict, invalid, notFound } from '../status-error.ts';
import { withEmptyMetadata } from './empty-metadata.ts';
import { checkFinalizers, checkKind, checkName, withNamespace } from './check-metadata.ts';
import { createObject } from './create-object.ts';
import { inStorageVersion, inVersion, put, read, tableOf, type Engine, type WriteContext, type Written } from './engine.ts';
import { owned } from './field-ownership.ts';
import { resourceId, strategyOf } from './strategy.ts';

export const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

/** PUT on an object or on its status. Without resourceVersion it wins unconditionally, where Kubernetes allows that. */
export function updateObject(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  name: string,
  body: KubeObject,
  context: WriteContext,
  subresource = '',
): Written {
  checkKind(info, body);
  checkName(name, body);
  const placed = withNamespace(info, namespace, { ...body, metadata: { ...body.metadata, name } });
  const live = read(engine, info, namespace, name);
  if (live === undefined) {
    if (strategyOf(info).createOnUpdate) {
      const { resourceVersion: _none, ...metadata } = placed.metadata;
      return createObject(engine, info, namespace, { ...placed, metadata }, context);
    }
    throw notFound(info, name);
  }
  checkResourceVersion(info, live, placed, true);
  return replace(engine, info, live, placed, context, subresource, (object) => owned(engine, info, live, object, context, subresource));
}

/** 409 when the writer saw another version. */
export function checkResourceVersion(info: ResourceInfo, live: KubeObject, next: KubeObject, mustSay: boolean): void {
  const name = live.metadata.name ?? '';
  const { resourceVersion, uid } = next.metadata;
  if (uid !== undefined && uid !== '' && uid !== live.metadata.uid) {
    throw conflict(info, name, uidMismatch(info, live, uid));
  }
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') {
    if (!mustSay || strategyOf(info).unconditionalUpdate) return;
    // Said by the storage, which knows the resource and not its kind.
    throw invalid({ group: info.group, kind: info.plural }, name, [
      { reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be specified for an update', field: 'metadata.resourceVersion' },
    ]);
  }
  if (resourceVersion !== live.metadata.resourceVersion) throw conflict(info, name, STALE);
}

/** The words of the storage below, key and all. */
function uidMismatch(info: ResourceInfo, live: KubeObject, uid: string): string {
  const place = info.custom ? `${info.group}/${info.plural}` : info.plural;
  const key = `/registry/${place}/${keyOf(info.namespaced ? live.metadata.namespace : undefined, live.metadata.name ?? '')}`;
  const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ''}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
}

/**
 * The part that update, patch and apply share. `next` is what the writer wants; what is not theirs to change is carried over from `live`.
 * A write that changes nothing keeps the resource version. Clearing the last finalizer of a dying object removes it.
 */
export function replace(
  engine: Engine,
  info: ResourceInfo,
  live: KubeObject,
  next: KubeObject,
  context: WriteContext,
  subresource: string,
  own: (object: KubeObject) => KubeObject,
): Written {
  const whole = { ...next, metadata: carriedMetadata(live, next) };
  const saidEmpty = pathsSaidEmpty(next, typeNameOf(engine.registry.schemaFor(info).node) ?? '');
  // Ownership is settled before the endpoint takes back what is not its own.
  const tracked = own(engine.admission.defaults?.(info, whole, context.keepNulls) ?? whole);
  const scoped = withinEndpoint(info, live, tracked, subresource);
  checkFinalizers(info, live, scoped);
  const prepared = engine.admission.prepare(info, scoped, live, 'update', {
    ...(subresource === '' ? {} : { subresource }),
    fieldValidation: context.fieldValidation,
    user: context.user,
    dryRun: context.dryRun,
    store: engine.view,
    keepNulls: context.keepNulls === true,
    saidEmpty,
    ...(context.duplicateFields === undefined ? {} : { duplicateFields: context.duplicateFields }),
  });
  const object = keepTimes(live, withGeneration(info, live, prepared.object, subresource, saidEmpty), showsIdentity(live, next) && !leavesOtherBytes(engine, info, live, context));
  if (jsonEqual(live, object) && !readyToGo(info, object) && !leavesOtherBytes(engine, info, live, context)) return { object: live, warnings: prepared.warnings, created: false };
  const committed = commit(engine, info, object, context);
  return { object: readyToGo(info, object) ? withEmptyMetadata(info, committed, next) : committed, warnings: prepared.warnings, created: false };
}

/**
 * Who owns the same fields as before of an object that is as before has changed nothing: the times of managedFields stay, and with them the version
 * (IgnoreManagedFieldsTimestampsTransformer). kube-apiserver looks at this before it completes what the writer left out, `asWhole` says.
 */
function keepTimes(live: KubeObject, next: KubeObject, asWhole: boolean): KubeObject {
  const entries = next.metadata.managedFields;
  if (!asWhole || entries === undefined || live.metadata.managedFields?.length !== entries.length) return next;
  const untimed = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, managedFields: object.metadata.managedFields?.map(({ time: _time, ...entry }) => entry) ?? [] } });
  return jsonEqual(untimed(live), untimed(next)) ? { ...next, metadata: { ...next.metadata, managedFields: live.metadata.managedFields } } : next;
}

function showsIdentity({ metadata: live }: KubeObject, { metadata }: KubeObject): boolean {
  return live.uid === metadata.uid && live.resourceVersion === metadata.resourceVersion && live.creationTimestamp === metadata.creationTimestamp && live.generation === metadata.generation;
}

/** Whether the storage's bytes change although no reader sees a difference. */
function leavesOtherBytes(engine: Engine, info: ResourceInfo, { metadata }: KubeObject, context: WriteContext): boolean {
  const kept = tableOf(engine, info).get(keyOf(info.namespaced ? metadata.namespace : undefined, metadata.name ?? ''));
  return context.emptyMetadata === true || (kept !== undefined && engine.withEmptyMetadata.has(kept));
}

function commit(engine: Engine, info: ResourceInfo, object: KubeObject, context: WriteContext): KubeObject {
  if (context.dryRun) return object;
  const table = tableOf(engine, info);
  const key = keyOf(info.namespaced ? object.metadata.namespace : undefined, object.metadata.name ?? '');
  if (readyToGo(info, object)) {
    engine.store.remove(table, key);
    return object;
  }
  return inVersion(put(engine, table, key, inStorageVersion(object, info), context), info);
}

/** A dying object that nothing holds back. Namespaces are held by spec.finalizers too, pods by their grace period. */
export function readyToGo(info: ResourceInfo, object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined || (object.metadata.finalizers ?? []).length > 0) return false;
  if (object.metadata.deletionGracePeriodSeconds !== undefined && object.metadata.deletionGracePeriodSeconds > 0) return false;
  if (resourceId(info) !== 'namespaces') return true;
  const spec = object['spec'] as { finalizers?: string[] } | undefined;
  return (spec?.finalizers ?? []).length === 0;
}

/** Identity, times and generation are the server's. */
function carriedMetadata(live: KubeObject, next: KubeObject): ObjectMeta {
  const kept: ObjectMeta = {};
  const { metadata } = live;
  if (metadata.uid !== undefined) kept.uid = metadata.uid;
  if (metadata.creationTimestamp !== undefined) kept.creationTimestamp = metadata.creationTimestamp;
  if (metadata.generateName !== undefined) kept.generateName = metadata.generateName;
  if (metadata.deletionTimestamp !== undefined) kept.deletionTimestamp = metadata.deletionTimestamp;
  if (metadata.deletionGracePeriodSeconds !== undefined) kept.deletionGracePeriodSeconds = metadata.deletionGracePeriodSeconds;
  if (metadata.generation !== undefined) kept.generation = metadata.generation;
  if (metadata.resourceVersion !== undefined) kept.resourceVersion = metadata.resourceVersion;
  const {
    deletionTimestamp: _deletion, deletionGracePeriodSeconds: _grace, generation: _generation, selfLink: _link, ...given
  } = next.metadata as ObjectMeta & { selfLink?: string };
  return withoutNulls({ ...given, ...kept });
}

function withoutNulls(metadata: ObjectMeta): ObjectMeta {
  return Object.values(metadata).some((value) => value === null) ? Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null)) : metadata;
}

/** Status travels by /status alone, and /status carries nothing else. */
function withinEndpoint(info: ResourceInfo, live: KubeObject, next: KubeObject, subresource: string): KubeObject {
  if (subresource === 'status') {
    const metadata = keepsMetadata(info) ? withManagedFieldsOf(live.metadata, next.metadata) : resourceId(info) === 'deployments.apps' ? withLabelsOf(live.metadata, next.metadata) : next.metadata;
    return withField({ ...live, metadata }, 'status', next['status']);
  }
  return info.subresources.includes('status') ? withField(next, 'status', live['status']) : next;
}

/** On /status, most built-ins let metadata be written too; these do not. */
function keepsMetadata(info: ResourceInfo): boolean {
  return info.custom || METADATA_KEPT.has(resourceId(info));
}

const METADATA_KEPT = new Set([
  'pods', 'servicecidrs.networking.k8s.io', 'resourceclaims.resource.k8s.io', 'volumeattachments.storage.k8s.io', 'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io', 'validatingadmissionpolicies.admissionregistration.k8s.io',
]);

function withLabelsOf(live: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const { labels: _dropped, ...rest } = next;
  return live.labels === undefined ? rest : { ...rest, labels: live.labels };
}

function withManagedFieldsOf(live: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const { managedFields: _dropped, ...rest } = live;
  return next.managedFields === undefined ? rest : { ...rest, managedFields: next.managedFields };
}

function withField(object: KubeObject, field: string, value: unknown): KubeObject {
  if (value !== undefined) return { ...object, [field]: value };
  if (!Object.hasOwn(object, field)) return object;
  const { [field]: _dropped, ...rest } = object;
  // The field is never apiVersion, kind or metadata.
  return rest as KubeObject;
}

const NO_SPEC = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function withGeneration(info: ResourceInfo, live: KubeObject, next: KubeObject, subresource: string, saidEmpty: ReadonlySet<string>): KubeObject {
  if (!strategyOf(info).generation) return next;
  const emptied = (name: string): boolean => strategyOf(info).tellsEmptyFromNone && saidEmptyWithin(saidEmpty, name);
  const statusApart = info.subresources.includes('status');
  const counts = (name: string): boolean => !NO_SPEC.has(name) || (name === 'status' && info.custom && !statusApart);
  const names = new Set([...Object.keys(live), ...Object.keys(next)]);
  const changed = [...names].some((name) => counts(name) && (emptied(name) || !jsonEqual(live[name], next[name])));
  // Deployments alone count a change of their annotations too: the rollback of old kept its notes there.
  const annotated = subresource === '' && resourceId(info) === 'deployments.apps' && !jsonEqual(live.metadata.annotations ?? {}, next.metadata.annotations ?? {});
  return changed || annotated ? { ...next, metadata: { ...next.metadata, generation: (live.metadata.generation ?? 0) + 1 } } : next;
}
