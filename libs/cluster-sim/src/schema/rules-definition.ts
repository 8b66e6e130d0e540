import { dns1035Label, dns1123Subdomain } from '@meshfleet/manifest';
import { isDeepStrictEqual } from 'node:util';
import type { Fields } from '../kinds/field.ts';
import { at, isRecord, listAt, mapAt, textAt, textsAt } from '../kinds/field.ts';
import { CLEANUP_FINALIZER } from '../crd/serve-definitions.ts';
import { validateStructuralSchema } from '../crd/validate-structural-schema.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { child, setDefault } from './mutable.ts';

/** CustomResourceDefinition: names, versions, and schemas that are structural (k8s.io/apiextensions-apiserver). */
export const customResourceDefinitionRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    const names = child(spec, 'names');
    const kind = String(names['kind'] ?? '');
    if (kind !== '') {
      setDefault(names, 'singular', kind.toLowerCase());
      setDefault(names, 'listKind', `${kind}List`);
    }
    setDefault(spec, 'conversion', { strategy: 'None' });
  },
  prepare(object, old) {
    if (old !== undefined) return;
    const stored = listAt(object, 'spec', 'versions').filter((version) => version['storage'] === true).map((version) => version['name']);
    object['status'] = { acceptedNames: { kind: '', plural: '' }, storedVersions: stored, conditions: [] };
    const metadata = child(object, 'metadata');
    const finalizers = Array.isArray(metadata['finalizers']) ? (metadata['finalizers'] as unknown[]) : [];
    if (!finalizers.includes(CLEANUP_FINALIZER)) metadata['finalizers'] = [...finalizers, CLEANUP_FINALIZER];
  },
  validate(object, errors) {
    const spec = mapAt(object, 'spec');
    const group = textAt(spec, 'group') ?? '';
    const plural = textAt(spec, 'names', 'plural') ?? '';
    if (object.metadata.name !== `${plural}.${group}`) errors.invalid('metadata.name', object.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group');
    if (group === '') errors.required('spec.group');
    else if (dns1123Subdomain(group).length > 0) errors.problems('spec.group', group, dns1123Subdomain(group));
    else if (!group.includes('.')) errors.invalid('spec.group', group, 'should be a domain with at least one dot');
    errors.supported('spec.scope', spec['scope'], ['Cluster', 'Namespaced']);
    validateNames(mapAt(spec, 'names'), errors);
    validateVersions(listAt(spec, 'versions'), errors);
  },
  validateUpdate(object, old, errors) {
    const established = listAt(old, 'status', 'conditions').some((condition) => condition['type'] === 'Established' && condition['status'] === 'True');
    if (established) {
      for (const path of [['spec', 'scope'], ['spec', 'names', 'kind']]) if (!isDeepStrictEqual(at(object, ...path), at(old, ...path))) errors.immutable(path.join('.'), at(object, ...path));
    }
    for (const path of [['spec', 'group'], ['spec', 'names', 'plural']]) if (!isDeepStrictEqual(at(object, ...path), at(old, ...path))) errors.immutable(path.join('.'), at(object, ...path));
    const names = listAt(object, 'spec', 'versions').map((version) => version['name']);
    textsAt(old, 'status', 'storedVersions').forEach((stored, index) => {
      if (!names.includes(stored)) errors.invalid(`status.storedVersions[${index}]`, stored, 'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'.replaceAll('v1', stored));
    });
  },
};

function validateNames(names: Fields, errors: FieldErrors): void {
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const value = textAt(names, field) ?? '';
    if (value === '') {
      if (field === 'plural' || field === 'kind') errors.required(`spec.names.${field}`);
    } else errors.problems(`spec.names.${field}`, value, dns1035Label(field === 'kind' || field === 'listKind' ? value.toLowerCase() : value).map((problem) => (field.endsWith('ind') ? `may have mixed case, but should otherwise match: ${problem}` : problem)));
  }
  const kind = textAt(names, 'kind') ?? '';
  if (kind !== '' && kind === textAt(names, 'listKind')) errors.invalid('spec.names.listKind', kind, 'kind and listKind may not be the same');
}

function validateVersions(versions: readonly Fields[], errors: FieldErrors): void {
  if (versions.length === 0) errors.required('spec.versions');
  const storage = versions.filter((version) => version['storage'] === true);
  if (versions.length > 0 && storage.length !== 1) errors.invalid('spec.versions', versions, 'must have exactly one version marked as storage version');
  const schemas = versions.map((version) => at(version, 'schema', 'openAPIV3Schema'));
  // The API server keeps one schema that all versions share at the top, and names it so in its answers.
  const common = schemas.every((schema) => isDeepStrictEqual(schema, schemas[0]));
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const name = textAt(version, 'name') ?? '';
    if (seen.has(name)) errors.duplicate(`spec.versions[${index}].name`, name);
    seen.add(name);
    const problems = dns1035Label(name);
    if (problems.length > 0) errors.problems(`spec.versions[${index}].name`, name, problems);
    const schema = schemas[index];
    if (!isRecord(schema)) return errors.required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required');
    if (common && index > 0) return;
    validateStructuralSchema(schema, common ? 'spec.validation.openAPIV3Schema' : `spec.versions[${index}].schema.openAPIV3Schema`, errors);
  });
}
