import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

export const tuningPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'sidecar-scope',
    page: istio('reference/config/networking/sidecar'),
    parameters: { namespace: 'prod-us1', dependencies: [{ namespace: 'prod-apis' }] },
    objects: [{ kind: 'Sidecar.networking.istio.io', 'metadata.name': 'default', 'metadata.namespace': 'prod-us1', 'spec.egress.0.hosts': ['prod-us1/*', 'prod-apis/*', 'istio-system/*'] }],
    differences: { 'Sidecar spec.egress.0.hosts': 'The same three namespaces: the own one by ".", as the page’s first example has it, and dependencies last.' },
  },
  {
    preset: 'proxy-resources',
    page: istio('reference/config/networking/proxy-config'),
    parameters: { namespace: 'example', name: 'per-workload-proxyconfig', labels: { app: 'ratings' }, concurrency: 0, image: 'debug' },
    objects: [{ kind: 'ProxyConfig.networking.istio.io', 'metadata.name': 'per-workload-proxyconfig', 'metadata.namespace': 'example', 'spec.selector.matchLabels.app': 'ratings', 'spec.concurrency': 0, 'spec.image.imageType': 'debug' }],
  },
  {
    preset: 'proxy-resources',
    page: istio('reference/config/annotations'),
    parameters: { namespace: 'default', workloads: [{ name: 'ratings' }], cpuRequest: '100m', cpuLimit: '2', memoryRequest: '128Mi', memoryLimit: '1Gi' },
    // The page gives each annotation by itself, for pods; pods get theirs from the template of their workload.
    objects: [
      {
        kind: 'Deployment.apps',
        'spec.template.metadata.annotations[sidecar.istio.io/proxyCPU]': '100m',
        'spec.template.metadata.annotations[sidecar.istio.io/proxyCPULimit]': '2',
        'spec.template.metadata.annotations[sidecar.istio.io/proxyMemory]': '128Mi',
        'spec.template.metadata.annotations[sidecar.istio.io/proxyMemoryLimit]': '1Gi',
      },
    ],
  },
  {
    preset: 'namespace-injection',
    page: istio('setup/additional-setup/sidecar-injection'),
    parameters: { namespaces: ['default'], mode: { type: 'SIDECAR' } },
    objects: [{ kind: 'Namespace', 'metadata.name': 'default', 'metadata.labels.istio-injection': 'enabled' }],
  },
  {
    preset: 'namespace-injection',
    page: istio('setup/upgrade/canary'),
    parameters: { namespaces: ['test-ns'], mode: { type: 'SIDECAR', revision: 'canary' } },
    objects: [{ kind: 'Namespace', 'metadata.name': 'test-ns', 'metadata.labels[istio.io/rev]': 'canary' }],
  },
  {
    preset: 'namespace-injection',
    page: istio('ambient/usage/add-workloads'),
    parameters: { namespaces: ['default'], mode: { type: 'AMBIENT' } },
    objects: [{ kind: 'Namespace', 'metadata.name': 'default', 'metadata.labels[istio.io/dataplane-mode]': 'ambient' }],
  },
  {
    preset: 'workload-injection',
    page: istio('setup/additional-setup/sidecar-injection'),
    parameters: { namespace: 'default', workloads: [{ name: 'ignored' }], mode: 'SIDECAR' },
    objects: [{ kind: 'Deployment.apps', 'metadata.name': 'ignored', 'spec.template.metadata.labels[sidecar.istio.io/inject]': 'true' }],
  },
  {
    preset: 'workload-injection',
    page: istio('setup/additional-setup/sidecar-injection'),
    parameters: { namespace: 'default', workloads: [{ name: 'ignored' }], mode: 'NONE' },
    objects: [{ kind: 'Deployment.apps', 'metadata.name': 'ignored', 'spec.template.metadata.labels[sidecar.istio.io/inject]': 'false' }],
    differences: { 'Deployment spec.template.metadata.labels[istio.io/dataplane-mode]': 'Out of the mesh means out of ambient mode too: without it the namespace’s label would take the pods in.' },
  },
];
