import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kubernetes.ts';
import { isMetadataKey, isMetadataOnly, metadataOf } from './metadata-only.ts';

const deployment = (spec?: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { a: 'b' } },
  ...(spec === undefined ? {} : { spec }),
});

describe('objects of which only labels and annotations are written', () => {
  it('are namespaces, services and workloads that say nothing else', () => {
    expect(isMetadataOnly({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } })).toBe(true);
    expect(isMetadataOnly(deployment())).toBe(true);
    expect(isMetadataOnly(deployment({ template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'false' } } } }))).toBe(true);
  });

  it.each([
    ['a replica count', deployment({ replicas: 3 })],
    ['a container', deployment({ template: { metadata: { labels: { a: 'b' } }, spec: { containers: [] } } })],
    ['an empty pod spec', deployment({ template: { metadata: {}, spec: {} } })],
    ['a finalizer', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', finalizers: ['x/y'] } }],
    ['a template where there is none', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { template: { metadata: {} } } }],
    ['a kind that is managed whole', { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'web' } }],
    ['another group’s kind of the same name', { apiVersion: 'example.com/v1', kind: 'Deployment', metadata: { name: 'web' } }],
  ])('are not those with %s', (_, object) => {
    expect(isMetadataOnly(object)).toBe(false);
  });

  it('lose all else', () => {
    expect(metadataOf(deployment({ replicas: 3, template: { metadata: { labels: { v: '2' }, creationTimestamp: null }, spec: { containers: [{ image: 'evil' }] } } }))).toEqual(
      deployment({ template: { metadata: { labels: { v: '2' } } } }),
    );
  });
});

describe('the key of an object that is only labelled', () => {
  it.each([['Namespace/shop', true], ['Deployment.apps/shop/web', true], ['Deployment/shop/web', false], ['VirtualService.networking.istio.io/shop/web', false], ['no key', false]])('%s: %s', (key, labelled) => {
    expect(isMetadataKey(key)).toBe(labelled);
  });
});
