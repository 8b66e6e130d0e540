import type { JsonObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { createCatalogue, mergeCatalogues } from '../catalogue/kind-catalogue.ts';
import { decodeFacts, encodeFacts } from './facts-file.ts';
import type { FactsFile } from './facts-file.ts';
import { kindFactsOf } from './from-definition.ts';
import { findVersion, storageVersion } from './kind-facts.ts';
import { customResourceDefinitionOf } from './to-definition.ts';
import { comparePriority } from './version-priority.ts';

const schema = { type: 'object', description: 'prose', properties: { description: { type: 'string', description: 'prose' }, spec: { type: 'object', default: { description: 'kept' } } } };
const definition = (kind: string): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'x', annotations: { 'api-approved.kubernetes.io': 'yes', other: 'no' } },
  spec: {
    group: 'g.example',
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s`, shortNames: ['a'] },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {} }, additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.x', description: 'prose' }] },
      { name: 'v1beta1', served: true, storage: false, deprecated: true, deprecationWarning: 'old', schema: { openAPIV3Schema: schema } },
      { name: 'v1alpha1', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
});

describe('facts of a kind', () => {
  const facts = kindFactsOf(definition('Apple'));

  it('leave descriptions behind, but not properties or values of that name', () => {
    expect(facts.versions[0]?.schema).toEqual({ type: 'object', properties: { description: { type: 'string' }, spec: { type: 'object', default: { description: 'kept' } } } });
    expect(facts.versions[0]?.printerColumns).toEqual([{ name: 'Age', type: 'date', jsonPath: '.x' }]);
    expect(facts.annotations).toEqual({ 'api-approved.kubernetes.io': 'yes' });
  });

  it('survive their file, where equal schemas become one', () => {
    const text = encodeFacts({ module: 'm', version: 'v1', licence: 'Apache-2.0' }, [kindFactsOf(definition('Pear')), facts]);
    const decoded = decodeFacts(JSON.parse(text) as FactsFile);
    expect(decoded.map((kind) => kind.kind)).toEqual(['Apple', 'Pear']);
    expect(decoded[0]).toEqual(facts);
    expect(decoded[0]?.versions[1]?.schema).toBe(decoded[0]?.versions[0]?.schema);
    expect(encodeFacts({ module: 'm', version: 'v1', licence: 'Apache-2.0' }, decoded)).toBe(text);
  });

  it('make the definition that they came from', () => {
    const made = customResourceDefinitionOf(facts);
    expect(made.metadata).toEqual({ name: 'apples.g.example', annotations: { 'api-approved.kubernetes.io': 'yes' } });
    expect(kindFactsOf(JSON.parse(JSON.stringify(made)) as JsonObject)).toEqual(facts);
  });

  it('tell stored and served versions', () => {
    expect(storageVersion(facts).name).toBe('v1');
    expect(findVersion(facts, 'v1beta1')?.deprecationWarning).toBe('old');
    expect(findVersion(facts, 'v1alpha1')).toBeUndefined();
  });

  it('are taken from definitions alone', () => {
    expect(() => kindFactsOf({ kind: 'Pod' })).toThrow('not a CustomResourceDefinition');
  });
});

describe('catalogues', () => {
  it('merge, and the first to know a kind wins', () => {
    const [apple, pear] = [kindFactsOf(definition('Apple')), kindFactsOf(definition('Pear'))];
    const other = { ...apple, shortNames: [] };
    const merged = mergeCatalogues(createCatalogue([apple]), createCatalogue([other, pear]));
    expect(merged.kinds).toEqual([apple, pear]);
    expect(merged.find('g.example', 'Apple')).toBe(apple);
    expect(merged.find('g.example', 'Plum')).toBeUndefined();
  });
});

describe('versions', () => {
  it('stand in Kubernetes’ order of stability', () => {
    expect(['v1alpha1', 'foo', 'v1', 'v1beta2', 'v2', 'v1beta10', 'v11alpha2'].sort(comparePriority)).toEqual(['v2', 'v1', 'v1beta10', 'v1beta2', 'v11alpha2', 'v1alpha1', 'foo']);
  });
});
