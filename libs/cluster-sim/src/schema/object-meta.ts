import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../seam.ts';
import type { FieldErrors } from './field-errors.ts';

const ANNOTATIONS_LIMIT = 262_144;
const GENERATED_SUFFIX = 5;
type NameRule = (name: string) => string[];
const LABEL_NAMES = new Set(['namespaces']);
const SERVICE_NAMES = new Set(['services']);
const PATH_NAMES = new Set(['roles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io', 'clusterrolebindings.rbac.authorization.k8s.io']);

/** Metadata of any object: name, labels, annotations, finalizers, owners; and what an update may not change. */
export function validateObjectMeta(info: ResourceInfo, object: KubeObject, old: KubeObject | undefined, errors: FieldErrors): void {
  const { name, generateName } = object.metadata;
  const rule = nameRule(info);
  if (generateName !== undefined && generateName !== '' && old === undefined) errors.problems('metadata.generateName', generateName, rule(`${generateName}${'x'.repeat(GENERATED_SUFFIX)}`.slice(0, 63)));
  if (name === undefined || name === '') {
    if (generateName === undefined || generateName === '') errors.required('metadata.name', 'name or generateName is required');
  } else if (old === undefined) errors.problems('metadata.name', name, rule(name));
  validateLabels(object.metadata.labels, 'metadata.labels', errors);
  validateAnnotations(object.metadata.annotations, 'metadata.annotations', errors);
  validateFinalizers(object, old, errors);
  validateOwners(object, errors);
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string, errors: FieldErrors): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.problems(path, key, qualifiedName(key));
    errors.problems(path, value, labelValue(value));
  }
}

export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: string, errors: FieldErrors): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.problems(path, key, qualifiedName(key.toLowerCase()));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT) errors.tooLong(path, ANNOTATIONS_LIMIT);
}

/** How objects of a resource may be named. */
function nameRule(info: ResourceInfo): NameRule {
  const resource = info.group === '' ? info.plural : `${info.plural}.${info.group}`;
  if (LABEL_NAMES.has(resource)) return dns1123Label;
  if (SERVICE_NAMES.has(resource)) return dns1035Label;
  return PATH_NAMES.has(resource) ? pathSegmentName : dns1123Subdomain;
}

function validateFinalizers(object: KubeObject, old: KubeObject | undefined, errors: FieldErrors): void {
  for (const finalizer of object.metadata.finalizers ?? []) {
    errors.problems('metadata.finalizers', finalizer, qualifiedName(finalizer));
    const standard = ['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer);
    if (!finalizer.includes('/') && !standard && !finalizer.includes('.')) errors.invalid('metadata.finalizers', finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
  }
  if (old?.metadata.deletionTimestamp === undefined) return;
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !(old.metadata.finalizers ?? []).includes(finalizer));
  if (added.length > 0) errors.forbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`);
}

function validateOwners(object: KubeObject, errors: FieldErrors): void {
  const owners = object.metadata.ownerReferences ?? [];
  owners.forEach((owner, index) => {
    const path = `metadata.ownerReferences[${index}]`;
    if (!owner.apiVersion) errors.invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty');
    if (!owner.kind) errors.invalid(`${path}.kind`, owner.kind ?? '', 'must not be empty');
    if (!owner.name) errors.invalid(`${path}.name`, owner.name ?? '', 'must not be empty');
    if (!owner.uid) errors.invalid(`${path}.uid`, owner.uid ?? '', 'must not be empty');
  });
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const [first, second] = controllers;
    errors.invalid('metadata.ownerReferences', owners, `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind ?? ''}/${first?.name ?? ''} and ${second?.kind ?? ''}/${second?.name ?? ''}`);
  }
}
