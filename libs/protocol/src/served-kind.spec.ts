import { contentHash } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { kindName, servedKindOf } from './served-kind.ts';

const definition = (description: string, more: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com', resourceVersion: '7', annotations: { note: description } },
  spec: {
    group: 'example.com',
    names: { kind: 'Thing', plural: 'things', shortNames: ['th'] },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', description, properties: { description: { type: 'string', ...more } } } } }],
  },
  status: {},
});

describe('a kind as a cluster serves it', () => {
  it('is what decides about objects, in the same words in every cluster', () => {
    const served = servedKindOf(definition('one'));
    expect(served).toEqual({
      group: 'example.com', kind: 'Thing', plural: 'things', scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema: { type: 'object', properties: { description: { type: 'string' } } } }],
    });
    expect(contentHash(servedKindOf(definition('another')))).toBe(contentHash(served));
    expect(contentHash(servedKindOf(definition('one', { maxLength: 3 })))).not.toBe(contentHash(served));
  });

  it('is nothing where there is no definition', () => {
    expect(servedKindOf({ kind: 'ConfigMap' })).toBeUndefined();
  });

  it('is named as objects name it', () => {
    expect([kindName({ group: 'example.com', kind: 'Thing' }), kindName({ group: '', kind: 'Pod' })]).toEqual(['Thing.example.com', 'Pod']);
  });
});
