import type { KindFacts } from '@meshfleet/manifest';
import { describe, expect, it } from 'vitest';
import { knownKinds } from './known-kinds.ts';
import { readManifests, type ManifestOrder } from './read-manifests.ts';

const text = (version: string, more = ''): string => `apiVersion: networking.istio.io/${version}
kind: ServiceEntry
metadata: { name: outside, namespace: shop }
spec:
  hosts: [outside.example.com]
  ports: [{ number: 443, name: https, protocol: HTTPS }]
  resolution: DNS
${more}`;

/** A cluster that takes anything for a ServiceEntry, in versions that it has made up too. */
const loose = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
function served(): KindFacts[] {
  const facts = knownKinds().find('networking.istio.io', 'ServiceEntry');
  if (facts?.versions[0] === undefined) return [];
  const { versions: [version], ...kind } = facts;
  return [{ ...kind, versions: ['v1', 'v1beta1', 'v2'].map((name) => ({ ...version, name, served: true, deprecated: false, schema: loose })) }];
}

const read = (manifests: string, order: Partial<ManifestOrder> = {}) =>
  readManifests({ text: manifests, defaultNamespace: undefined, variables: [], patches: [], targets: [], served: [{ kinds: served(), clusters: ['east'] }], allowPartial: false, ...order });

describe('what is kept of manifests that clusters with schemas of their own take', () => {
  it('is what our own catalogue makes of them, wherever it takes them', () => {
    const { objects, problems } = read(text('v1beta1'));
    expect(problems).toEqual([]);
    expect(objects).toEqual(read(text('v1beta1'), { served: [] }).objects);
    expect(objects[0]?.body.apiVersion).toBe('networking.istio.io/v1');
  });

  it('is in the version that was written, where only a cluster takes them', () => {
    const { objects, problems } = read(text('v1', '  tomorrow: x\n'));
    expect(problems).toEqual([]);
    expect(objects.map(({ body }) => body.apiVersion)).toEqual(['networking.istio.io/v1']);
  });

  it('is ours for each object that we take, though a cluster alone takes another of the same text', () => {
    const manifests = `${text('v1beta1')}---\n${text('v1', '  tomorrow: x\n').replace('name: outside', 'name: other')}`;
    const { objects } = read(manifests);
    expect(objects.map(({ body }) => [body.metadata.name, body.apiVersion])).toEqual([['outside', 'networking.istio.io/v1'], ['other', 'networking.istio.io/v1']]);
  });
});
