import { randomInt, randomUUID } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '@meshfleet/model';
import { typeNameOf } from '../../kinds/builtin-schema.ts';
import { pathsSaidEmpty } from '../../schema/go-struct.ts';
import type { ResourceInfo } from '../../seam.ts';
import { keyOf } from '../../storage/table.ts';
import { alreadyExists, invalid, StatusError } from '../status-error.ts';
import { checkKind, checkNamespaceOpen, withNamespace } from './check-metadata.ts';
import { inStorageVersion, inVersion, put, tableOf, timestamp, type Engine, type WriteContext, type Written } from './engine.ts';
import { owned } from './field-ownership.ts';
import { resourceId, strategyOf } from './strategy.ts';

/** POST: a new object. 409 when the name is taken, 404 or 403 when its namespace does not take it, 422 when it is invalid. */
export function createObject(engine: Engine, info: ResourceInfo, namespace: string | undefined, body: KubeObject, context: WriteContext): Written {
  checkKind(info, body);
  const placed = withNamespace(info, namespace, body);
  if (placed.metadata.resourceVersion !== undefined && placed.metadata.resourceVersion !== '') {
    throw new StatusError({ code: 500, message: 'resourceVersion should not be set on objects to be created' });
  }
  return insert(engine, info, namespace, placed, context, (object) => owned(engine, info, undefined, object, context));
}

/** The part that create and apply-to-create share: identity, admission, the write. `own` settles managedFields. */
export function insert(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  body: KubeObject,
  context: WriteContext,
  own: (object: KubeObject) => KubeObject,
): Written {
  const named = withIdentity(engine, info, withInitialStatus(info, body));
  const name = named.metadata.name ?? '';
  const defaulted = engine.admission.defaults?.(info, named, context.keepNulls) ?? named;
  checkNamespaceOpen(engine, info, namespace, name);
  const prepared = engine.admission.prepare(info, own(defaulted), undefined, 'create', {
    fieldValidation: context.fieldValidation,
    user: context.user,
    dryRun: context.dryRun,
    store: engine.view,
    keepNulls: context.keepNulls === true,
    saidEmpty: pathsSaidEmpty(body, typeNameOf(engine.registry.schemaFor(info).node) ?? ''),
    ...(context.duplicateFields === undefined ? {} : { duplicateFields: context.duplicateFields }),
  });
  const table = tableOf(engine, info);
  const key = keyOf(info.namespaced ? namespace : undefined, name);
  const holder = table.get(key);
  if (holder !== undefined) throw alreadyExists(info, name, holder.metadata.deletionTimestamp !== undefined).warning(prepared.warnings);
  const object = inStorageVersion(prepared.object, info);
  const kept = context.dryRun ? object : put(engine, table, key, object, context);
  return { object: inVersion(kept, info), warnings: prepared.warnings, created: true };
}

function withIdentity(engine: Engine, info: ResourceInfo, object: KubeObject): KubeObject {
  const {
    uid: _uid, resourceVersion: _version, creationTimestamp: _time, deletionTimestamp: _deletion, deletionGracePeriodSeconds: _grace,
    generation: _generation, selfLink: _link, ...given
  } = object.metadata as ObjectMeta & { selfLink?: string };
  const name = given.name !== undefined && given.name !== '' ? given.name : generatedName(engine, info, given);
  if (name === undefined) {
    throw invalid(info, '', [{ reason: 'FieldValueRequired', message: 'Required value: name or generateName is required', field: 'metadata.name' }]);
  }
  return {
    ...object,
    metadata: {
      ...given,
      name,
      uid: randomUUID(),
      creationTimestamp: timestamp(engine.now()),
      ...(strategyOf(info).generation ? { generation: 1 } : {}),
    },
  };
}

/** Letters that make no words, as k8s.io/apimachinery/pkg/util/rand has them. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const MAX_GENERATED_BASE = 58;

function generatedName(engine: Engine, info: ResourceInfo, metadata: ObjectMeta): string | undefined {
  const base = metadata.generateName;
  if (base === undefined || base === '') return undefined;
  const table = tableOf(engine, info);
  let name = '';
  // A taken name is drawn again, as kube-apiserver does since 1.32.
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const suffix = Array.from({ length: 5 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
    name = `${base.slice(0, MAX_GENERATED_BASE)}${suffix}`;
    if (table.get(keyOf(info.namespaced ? metadata.namespace : undefined, name)) === undefined) break;
  }
  return name;
}

function withInitialStatus(info: ResourceInfo, object: KubeObject): KubeObject {
  let out = object;
  if (info.subresources.includes('status') && !strategyOf(info).statusOnCreate && Object.hasOwn(object, 'status')) {
    const { status: _dropped, ...rest } = object;
    // The rest still holds apiVersion, kind and metadata.
    out = rest as KubeObject;
  }
  if (resourceId(info) !== 'namespaces') return out;
  // The namespace controller owns this finalizer; every namespace is born with it.
  const spec = (out['spec'] ?? {}) as { finalizers?: string[] };
  return { ...out, spec: { ...spec, finalizers: [...new Set([...(spec.finalizers ?? []), 'kubernetes'])] }, status: { phase: 'Active' } };
}
