import { analysisInputOf, analyze, ruleCatalogue, withChanges } from '@meshfleet/istio/analysis';
import { parseManifests } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { formatObjectKey, kubeObjectOf, objectKeyOf } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { summarize } from './summarize.ts';

const filter = (size: number): KubeObject => ({ apiVersion: 'networking.istio.io/v1alpha3', kind: 'EnvoyFilter', metadata: { name: 'a', namespace: 'shop' }, spec: { text: 'x'.repeat(size) } });
const rule = (metadata: Partial<KubeObject['metadata']>): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: 'a', namespace: 'shop', ...metadata }, spec: { host: 'a' } });

describe('the summary of an object', () => {
  it('holds its spec up to a size that many objects may have, and its hash always', () => {
    expect(summarize(filter(60_000))).toHaveProperty('spec');
    expect(summarize(filter(70_000))).not.toHaveProperty('spec');
    expect(summarize(filter(70_000))['hash']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('holds the annotations that meshes read, and neither long ones nor those of others', () => {
    const annotations = { 'istio.io/dry-run': 'true', 'networking.istio.io/exportTo': '.', 'meshfleet.io/expires-at': '2026-12-01T00:00:00Z', 'meshfleet.io/policy': 'p', 'meshfleet.io/content': 'c', 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'notistio.io/x': 'x', 'sidecar.istio.io/long': 'x'.repeat(300) };
    expect(summarize(rule({ annotations }))).toMatchObject({ annotations: { 'istio.io/dry-run': 'true', 'networking.istio.io/exportTo': '.', 'meshfleet.io/expires-at': '2026-12-01T00:00:00Z' } });
    expect(Object.keys(summarize(rule({ annotations }))['annotations'] ?? {})).toHaveLength(3);
  });

  it('of what has neither labels nor annotations says nothing of them', () => {
    expect(Object.keys(summarize(rule({})))).toEqual(['apiVersion', 'hash', 'spec']);
  });

  it('says of what a policy found, by marks that we applied ourselves, that it was there before', () => {
    const marked = (origin: string, manager: string): KubeObject => rule({ annotations: { 'meshfleet.io/origin': origin }, managedFields: [{ manager, operation: 'Apply', fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:meshfleet.io/origin': {} } } } }] });
    expect(summarize(marked('adopted', 'meshfleet'))).toMatchObject({ adopted: true });
    expect(summarize(marked('created', 'meshfleet'))).not.toHaveProperty('adopted');
    expect(summarize(marked('adopted', 'kubectl'))).not.toHaveProperty('adopted');
  });

  it('takes an object for ours by marks that we applied ourselves, and not by copies of them', () => {
    const fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:meshfleet.io/managed': {} }, 'f:annotations': { 'f:meshfleet.io/policy': {} } } };
    const marked = (manager: string): KubeObject => rule({ labels: { 'meshfleet.io/managed': 'true' }, annotations: { 'meshfleet.io/policy': 'p' }, managedFields: [{ manager, operation: 'Apply', fieldsV1 }] });
    expect(summarize(marked('meshfleet'))).toMatchObject({ managedBy: 'meshfleet', policyId: 'p' });
    expect(summarize(marked('argocd'))).toMatchObject({ managedBy: 'argocd' });
    expect(summarize(marked('argocd'))).not.toHaveProperty('policyId');
  });

  it('tells of a workload whether it has a proxy, and whether it runs as one', () => {
    const workload = (spec: unknown): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', namespace: 'shop' }, spec: { template: { spec } } });
    expect(summarize(workload({ containers: [{ name: 'app', image: 'a' }] }))).not.toHaveProperty('proxied');
    expect(summarize(workload({ initContainers: [{ name: 'istio-proxy', image: 'auto' }], containers: [{ name: 'app', image: 'a' }] }))).toMatchObject({ proxied: true, images: ['a'] });
    expect(summarize(workload({ containers: [{ name: 'istio-proxy', image: 'auto', securityContext: { runAsUser: 1337 } }] }))).not.toHaveProperty('runsAsProxy');
    expect(summarize(workload({ securityContext: { runAsUser: 1337 }, containers: [{ name: 'app', image: 'a' }] }))).toMatchObject({ runsAsProxy: true });
  });

  it('tells of probes that reach the application past its sidecar’s answers', () => {
    const workload = (rewrite: string | undefined, probe: object): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', namespace: 'shop' }, spec: { template: { metadata: { annotations: rewrite === undefined ? {} : { 'sidecar.istio.io/rewriteAppHTTPProbers': rewrite } }, spec: { containers: [{ name: 'app', image: 'a', readinessProbe: probe }] } } } });
    expect(summarize(workload('false', { httpGet: { port: 80 } }))).toMatchObject({ plainProbes: true });
    expect(summarize(workload('false', { grpc: { port: 80 } }))).toMatchObject({ plainProbes: true });
    for (const other of [workload('false', { tcpSocket: { port: 80 } }), workload('true', { httpGet: { port: 80 } }), workload(undefined, { httpGet: { port: 80 } })]) expect(summarize(other)).not.toHaveProperty('plainProbes');
  });
});

describe('what the hub finds by the inventory', () => {
  const facts = { now: Date.parse('2026-11-25T12:00:00Z'), meshConfig: {} };
  // An inventory says nothing of objects that an API server would have refused, or that hold one object twice.
  const examples = ruleCatalogue().filter(({ code }) => !['IST0106', 'MF0010'].includes(code));

  it.each(examples.map((one) => [`${one.code} ${one.title}`, one.example] as const))('is what it would find in the objects themselves: %s', (_title, example) => {
    const objects = parseManifests(example).documents.map(({ value }) => kubeObjectOf(value));
    const byInventory = analyze(analysisInputOf(objects.map((object) => ({ key: formatObjectKey(objectKeyOf(object)), body: summarize(object) })), facts));
    const byObjects = analyze(withChanges(analysisInputOf([], facts), { upsert: objects.map((object) => ({ object })) }));
    expect(byObjects).not.toEqual([]);
    expect(byInventory).toEqual(byObjects);
  });
});
