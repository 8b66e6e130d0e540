import { isMetadataOnly } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { namespaceInjection } from './namespace-injection.ts';
import { proxyResources } from './proxy-resources.ts';
import { sidecarScope } from './sidecar-scope.ts';
import { workloadInjection } from './workload-injection.ts';

describe('a sidecar’s scope', () => {
  const hosts = (parameters: object): string[] => (written(sidecarScope, { namespace: 'shop', ...parameters })[0]?.['spec'] as { egress: [{ hosts: string[] }] }).egress[0].hosts;

  it('is the own namespace, the control plane’s, and what is declared', () => {
    expect(hosts({})).toEqual(['./*', 'istio-system/*']);
    expect(hosts({ controlPlaneNamespace: null, ownNamespace: false, dependencies: [{ namespace: 'pay', hosts: ['a.pay.svc.cluster.local', 'b.pay.svc.cluster.local'] }, { namespace: 'search' }, { namespace: '*', hosts: ['api.example.com'] }] })).toEqual([
      'pay/a.pay.svc.cluster.local',
      'pay/b.pay.svc.cluster.local',
      'search/*',
      '*/api.example.com',
    ]);
  });

  it('is the namespace’s "default", or that of pods with labels', () => {
    expect(written(sidecarScope, { namespace: 'shop', unknownHosts: 'REGISTRY_ONLY' })[0]).toMatchObject({ metadata: { name: 'default' }, spec: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } });
    expect(written(sidecarScope, { namespace: 'shop', labels: { app: 'web' }, name: 'web' })[0]).toMatchObject({ metadata: { name: 'web' }, spec: { workloadSelector: { labels: { app: 'web' } } } });
  });

  it('refuses what Istio would warn of, and nothing at all', () => {
    const said = (parameters: object): string[] => refused(sidecarScope, { namespace: 'shop', ...parameters });
    expect(said({ dependencies: [{ namespace: 'shop' }] })).toEqual(['dependencies: The own namespace is visible already: leave it out, or set ownNamespace to false']);
    expect(said({ dependencies: [{ namespace: 'istio-system' }] })).toEqual(['dependencies: The control plane’s namespace is visible already: leave it out, or set controlPlaneNamespace to null']);
    expect(said({ dependencies: [{ namespace: '*' }] })).toEqual(['dependencies.0.hosts: Name the hosts: all hosts of all namespaces is what proxies know already']);
    expect(said({ dependencies: [{ namespace: 'a' }, { namespace: 'a', hosts: ['x.a.svc.cluster.local'] }] })).toEqual(['dependencies: Name each namespace once']);
    expect(said({ ownNamespace: false, controlPlaneNamespace: null })).toEqual(['dependencies: Something must stay visible']);
    expect(said({ name: 'mine' })).toEqual(['name: The Sidecar of a namespace is called "default": leave the name out']);
  });
});

describe('proxy resources', () => {
  it('are threads in a ProxyConfig, and amounts as annotations of pods', () => {
    expect(written(proxyResources, { namespace: 'shop', concurrency: 0, environment: { ISTIO_META_DNS_CAPTURE: 'true' }, image: 'distroless' })).toEqual([
      { apiVersion: 'networking.istio.io/v1beta1', kind: 'ProxyConfig', metadata: { name: 'proxy-resources', namespace: 'shop' }, spec: { concurrency: 0, image: { imageType: 'distroless' }, environmentVariables: { ISTIO_META_DNS_CAPTURE: 'true' } } },
    ]);
    const objects = written(proxyResources, { namespace: 'shop', workloads: [{ name: 'web' }, { kind: 'StatefulSet', name: 'db' }], cpuRequest: '100m', cpuLimit: '2', memoryRequest: '64Mi', memoryLimit: '1Gi' });
    expect(objects).toEqual(
      [['Deployment', 'web'], ['StatefulSet', 'db']].map(([kind, name]) => ({
        apiVersion: 'apps/v1',
        kind,
        metadata: { name, namespace: 'shop' },
        spec: { template: { metadata: { annotations: { 'sidecar.istio.io/proxyCPU': '100m', 'sidecar.istio.io/proxyCPULimit': '2', 'sidecar.istio.io/proxyMemory': '64Mi', 'sidecar.istio.io/proxyMemoryLimit': '1Gi' } } } },
      })),
    );
    expect(objects.every(isMetadataOnly)).toBe(true);
  });

  it('refuse limits below requests, amounts for nobody, and nothing', () => {
    const said = (parameters: object): string[] => refused(proxyResources, { namespace: 'shop', workloads: [{ name: 'web' }], ...parameters });
    expect(said({ cpuRequest: '1500m', cpuLimit: '1' })).toEqual(['cpuLimit: The limit must not be lower than the request']);
    expect(said({ memoryRequest: '1Gi', memoryLimit: '1G' })).toEqual(['memoryLimit: The limit must not be lower than the request']);
    expect(said({ workloads: [], cpuRequest: '1' })).toEqual(['workloads: Amounts of CPU and memory are annotations of workloads: name both or neither']);
    expect(said({ workloads: [] })).toEqual(['concurrency: Name threads, an image, variables, or amounts of CPU or memory']);
    expect(said({ cpuRequest: '0' })).toEqual(['cpuRequest: Must be more than nothing']);
    expect(said({ cpuRequest: '100 m' })).toEqual(['cpuRequest: Must be an amount of CPU, as in "100m" or "2"']);
  });
});

describe('namespaces in the mesh', () => {
  const labels = (mode: object): unknown => written(namespaceInjection, { namespaces: ['shop'], mode })[0]?.metadata.labels;

  it('are labelled for sidecars, ambient mode or neither, and nothing else of them is said', () => {
    expect(labels({ type: 'SIDECAR' })).toEqual({ 'istio-injection': 'enabled' });
    expect(labels({ type: 'SIDECAR', revision: '1-29-1' })).toEqual({ 'istio.io/rev': '1-29-1' });
    expect(labels({ type: 'AMBIENT', waypoint: 'w', waypointNamespace: 'infra' })).toEqual({ 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'w', 'istio.io/use-waypoint-namespace': 'infra' });
    expect(labels({ type: 'NONE' })).toEqual({ 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' });
    expect(written(namespaceInjection, { namespaces: ['a', 'b'], mode: { type: 'AMBIENT' } }).every(isMetadataOnly)).toBe(true);
  });

  it('are never those that the mesh or Kubernetes stands on', () => {
    for (const name of ['kube-system', 'istio-system']) expect(refused(namespaceInjection, { namespaces: [name], mode: { type: 'SIDECAR' } })).toEqual(['namespaces.0: Holds what the mesh itself or Kubernetes stands on: leave it out']);
  });
});

describe('workloads in or out of the mesh', () => {
  it('are labelled on their pod templates', () => {
    const labels = (parameters: object): unknown => (written(workloadInjection, { namespace: 'shop', workloads: [{ kind: 'DaemonSet', name: 'probe' }], ...parameters })[0]?.['spec'] as { template: { metadata: { labels: unknown } } }).template.metadata.labels;
    expect(labels({ mode: 'SIDECAR', revision: 'canary' })).toEqual({ 'sidecar.istio.io/inject': 'true', 'istio.io/rev': 'canary' });
    expect(labels({ mode: 'AMBIENT' })).toEqual({ 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'ambient' });
    expect(labels({ mode: 'NONE' })).toEqual({ 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' });
    expect(refused(workloadInjection, { namespace: 'shop', workloads: [{ name: 'a' }], mode: 'NONE', revision: 'x' })).toEqual(['revision: A revision is for sidecars']);
  });
});
