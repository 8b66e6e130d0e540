import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import { at, mapAt, textAt } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import { saidEmptyWithin } from './go-struct.ts';
import type { KindRules, RuleContext } from './kind-rules.ts';
import { child, items, setDefault } from './mutable.ts';

const NAMESPACE_CONTROLLER = 'system:kube-controller-manager';
const DATA_LIMIT = 1_048_576;
const KEY_PROBLEM = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

export const namespaceRules: KindRules = {
  defaults(object) {
    const metadata = child(object, 'metadata');
    const name = String(metadata['name'] ?? '');
    if (name !== '') child(metadata, 'labels')['kubernetes.io/metadata.name'] = name;
    setDefault(child(object, 'status'), 'phase', 'Active');
  },
  prepare(object, old, context) {
    const spec = child(object, 'spec');
    if (old === undefined) {
      const finalizers = Array.isArray(spec['finalizers']) ? (spec['finalizers'] as unknown[]) : [];
      spec['finalizers'] = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
    } else if (context.admission.subresource !== 'finalize' && context.admission.user.name !== NAMESPACE_CONTROLLER) {
      // Only /finalize moves these; what anyone else writes there is passed over.
      const kept = mapAt(old, 'spec')['finalizers'];
      if (kept === undefined) delete spec['finalizers'];
      else spec['finalizers'] = structuredClone(kept);
    }
  },
};

function validateDataKeys(object: KubeObject, fields: readonly string[], errors: FieldErrors): void {
  let size = 0;
  for (const field of fields) {
    for (const [key, value] of Object.entries(mapAt(object, field))) {
      if (!/^[-._a-zA-Z0-9]+$/.test(key) || key.length > 253) errors.invalid(`${field}[${key}]`, key, key.length > 253 ? 'must be no more than 253 characters' : KEY_PROBLEM);
      else if (key === '.' || key === '..') errors.invalid(`${field}[${key}]`, key, `must not be '${key}'`);
      const text = typeof value === 'string' ? value : '';
      size += object.kind === 'Secret' || field === 'binaryData' ? Math.floor((text.length * 3) / 4) : Buffer.byteLength(text);
    }
  }
  if (size > DATA_LIMIT) errors.tooLong(object.kind === 'Secret' ? 'data' : '', DATA_LIMIT);
}

/** `alwaysThere` are fields that defaulting fills with an empty map, so that saying it is empty changes nothing. */
function validateImmutable(object: KubeObject, old: KubeObject, fields: readonly string[], errors: FieldErrors, { admission }: RuleContext, alwaysThere: readonly string[] = []): void {
  if (old['immutable'] !== true) return;
  if (object['immutable'] !== true) errors.forbidden('immutable', 'field is immutable when `immutable` is set');
  const differs = (field: string): boolean => (saidEmptyWithin(admission.saidEmpty, field) && !alwaysThere.includes(field)) || !isDeepStrictEqual(at(object, field), at(old, field));
  for (const field of fields.filter(differs)) errors.forbidden(field, 'field is immutable when `immutable` is set');
}

export const configMapRules: KindRules = {
  validate(object, errors) {
    validateDataKeys(object, ['data', 'binaryData'], errors);
    for (const key of Object.keys(mapAt(object, 'binaryData'))) if (Object.hasOwn(mapAt(object, 'data'), key)) errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
  },
  validateUpdate: (object, old, errors, context) => validateImmutable(object, old, ['data', 'binaryData'], errors, context, ['data']),
};

/** Keys that a Secret of a well-known type must hold. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

export const secretRules: KindRules = {
  defaults(object) {
    // Written in plain, kept in base64, never read back.
    const plain = object['stringData'];
    if (typeof plain === 'object' && plain !== null) {
      const data = child(object, 'data');
      for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(String(value)).toString('base64');
      delete object['stringData'];
    }
    setDefault(object, 'type', 'Opaque');
  },
  validate(object, errors) {
    validateDataKeys(object, ['data'], errors);
    const type = textAt(object, 'type') ?? '';
    for (const key of REQUIRED_KEYS[type] ?? []) if (!Object.hasOwn(mapAt(object, 'data'), key)) errors.required(`data[${key}]`);
    if (type === 'kubernetes.io/service-account-token' && !object.metadata.annotations?.['kubernetes.io/service-account.name']) errors.required('metadata.annotations[kubernetes.io/service-account.name]');
  },
  validateUpdate(object, old, errors, context) {
    if (object['type'] !== old['type']) errors.immutable('type', object['type']);
    validateImmutable(object, old, ['data'], errors, context);
  },
};

export const persistentVolumeClaimRules: KindRules = {
  defaults(object) {
    setDefault(child(object, 'spec'), 'volumeMode', 'Filesystem');
    setDefault(child(object, 'status'), 'phase', 'Pending');
  },
  validate(object, errors) {
    if (!Array.isArray(at(object, 'spec', 'accessModes')) || (at(object, 'spec', 'accessModes') as unknown[]).length === 0) errors.required('spec.accessModes', 'at least 1 access mode is required');
    if (at(object, 'spec', 'resources', 'requests', 'storage') === undefined) errors.required('spec.resources[storage]');
  },
};

export const endpointsRules: KindRules = {
  defaults(object) {
    for (const subset of items(object, 'subsets')) for (const port of items(subset, 'ports')) setDefault(port, 'protocol', 'TCP');
  },
};

export const endpointSliceRules: KindRules = {
  defaults(object) {
    for (const port of items(object, 'ports')) {
      setDefault(port, 'name', '');
      setDefault(port, 'protocol', 'TCP');
    }
    setDefault(object, 'endpoints', []);
    setDefault(object, 'ports', []);
  },
  validate(object, errors) {
    errors.supported('addressType', object['addressType'], ['FQDN', 'IPv4', 'IPv6']);
  },
  validateUpdate(object, old, errors) {
    if (object['addressType'] !== old['addressType']) errors.immutable('addressType', object['addressType']);
  },
};

export const nodeRules: KindRules = {
  defaults(object) {
    setDefault(object, 'spec', {});
    setDefault(object, 'status', {});
  },
};

export const priorityClassRules: KindRules = {
  defaults: (object) => setDefault(object, 'preemptionPolicy', 'PreemptLowerPriority'),
  validateUpdate(object, old, errors) {
    if (object['value'] !== old['value']) errors.forbidden('value', 'may not be changed in an update.');
  },
};

export const storageClassRules: KindRules = {
  defaults(object) {
    setDefault(object, 'reclaimPolicy', 'Delete');
    setDefault(object, 'volumeBindingMode', 'Immediate');
  },
  validate(object, errors) {
    if ((textAt(object, 'provisioner') ?? '') === '') errors.required('provisioner');
  },
};
