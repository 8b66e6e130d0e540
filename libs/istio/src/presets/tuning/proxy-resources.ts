import { cores, cpuField, definePreset, dnsLabelField, labelsField, memoryBytes, memoryField, objectNameField, presentFields } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { podMarks, workloadReferencesField } from '../parameters/workload-reference.ts';

export const proxyResources = definePreset({
  name: 'proxy-resources',
  title: 'Proxy resources and concurrency',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'How many threads the sidecars of a namespace or of some workloads run, and what CPU and memory they ask for. Threads are a ProxyConfig; CPU and memory are annotations on the pod templates of the workloads that are named.',
  notes: [
    'Proxies take a ProxyConfig when they start: restart the workloads. Annotations on a pod template make Kubernetes roll the workload by itself, at once, and mostly before istiod has heard of a ProxyConfig that comes with them: for new threads restart it once more.',
    'Without a ProxyConfig the number of threads follows the CPU limit. 0 means one per core of the node; under a CPU limit that is throttled. 2 is enough for most workloads.',
    'An annotation proxy.istio.io/config on a pod wins over the ProxyConfig.',
    'Name requests and limits as a pair: as soon as one annotation stands on a pod, the injector takes all four from the annotations and none from the mesh’s defaults.',
    'The workloads stay whose they are: only the annotations are written, and taken back when the policy is withdrawn. Argo CD and Flux must be told to ignore them.',
    'A ProxyConfig in the root namespace is for the whole mesh. Gateways and waypoints have resources of their own, in their Deployments.',
    'ztunnel does not read it.',
  ],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads; the root namespace for the threads of the whole mesh.' }),
      name: objectNameField.default('proxy-resources').meta({ title: 'Name', description: 'Name of the ProxyConfig.' }),
      labels: labelsField.optional().meta({ title: 'Labels', description: 'Threads of pods with these labels only; of the whole namespace, if none are given.' }),
      concurrency: z.int().min(0).max(256).optional().meta({ title: 'Threads', description: 'Worker threads of a proxy; 0 for one per core of the node.' }),
      image: z.enum(['default', 'distroless', 'debug']).optional().meta({ title: 'Image', description: 'Flavour of the proxy’s image.' }),
      environment: z
        .record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'Must be the name of a variable, as in "ISTIO_META_DNS_CAPTURE"'), z.string())
        .optional()
        .meta({ title: 'Environment', description: 'Variables for the proxy.' }),
      workloads: workloadReferencesField.default([]).meta({ title: 'Workloads', description: 'Workloads whose proxies get the amounts of CPU and memory.' }),
      cpuRequest: cpuField.optional().meta({ title: 'CPU request', description: 'CPU that is set aside for a proxy.' }),
      cpuLimit: cpuField.optional().meta({ title: 'CPU limit', description: 'CPU that a proxy may use at most.' }),
      memoryRequest: memoryField.optional().meta({ title: 'Memory request', description: 'Memory that is set aside for a proxy.' }),
      memoryLimit: memoryField.optional().meta({ title: 'Memory limit', description: 'Memory that a proxy may use at most; beyond it is killed.' }),
    })
    .refine((all) => hasThreads(all) || hasAmounts(all), { path: ['concurrency'], message: 'Name threads, an image, variables, or amounts of CPU or memory' })
    .refine((all) => hasAmounts(all) === all.workloads.length > 0, { path: ['workloads'], message: 'Amounts of CPU and memory are annotations of workloads: name both or neither' })
    .refine(({ cpuRequest, cpuLimit }) => cpuRequest === undefined || cpuLimit === undefined || cores(cpuRequest) <= cores(cpuLimit), { path: ['cpuLimit'], message: 'The limit must not be lower than the request' })
    .refine(({ memoryRequest, memoryLimit }) => memoryRequest === undefined || memoryLimit === undefined || memoryBytes(memoryRequest) <= memoryBytes(memoryLimit), { path: ['memoryLimit'], message: 'The limit must not be lower than the request' })
    .refine((all) => hasThreads(all) || all.labels === undefined, { path: ['labels'], message: 'Labels choose the pods of a ProxyConfig: name threads, an image or variables for it' }),
  example: { namespace: 'shop', labels: { app: 'search' }, name: 'search-proxy', concurrency: 4, workloads: [{ name: 'search' }], cpuRequest: '500m', cpuLimit: '4', memoryRequest: '256Mi', memoryLimit: '1Gi' },
  render: ({ namespace, name, labels, concurrency, image, environment, workloads, cpuRequest, cpuLimit, memoryRequest, memoryLimit }) => {
    const config: KubeObject = {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'ProxyConfig',
      metadata: { name, namespace },
      spec: presentFields({ selector: labels === undefined ? undefined : { matchLabels: labels }, concurrency, image: image === undefined ? undefined : { imageType: image }, environmentVariables: environment }),
    };
    const annotations = {
      ...(cpuRequest === undefined ? {} : { 'sidecar.istio.io/proxyCPU': cpuRequest }),
      ...(cpuLimit === undefined ? {} : { 'sidecar.istio.io/proxyCPULimit': cpuLimit }),
      ...(memoryRequest === undefined ? {} : { 'sidecar.istio.io/proxyMemory': memoryRequest }),
      ...(memoryLimit === undefined ? {} : { 'sidecar.istio.io/proxyMemoryLimit': memoryLimit }),
    };
    return [...(hasThreads({ concurrency, image, environment }) ? [config] : []), ...workloads.map((workload) => podMarks(namespace, workload, { annotations }))];
  },
});

function hasThreads({ concurrency, image, environment }: { concurrency?: number | undefined; image?: string | undefined; environment?: Record<string, string> | undefined }): boolean {
  return concurrency !== undefined || image !== undefined || environment !== undefined;
}

function hasAmounts({ cpuRequest, cpuLimit, memoryRequest, memoryLimit }: Partial<Record<'cpuRequest' | 'cpuLimit' | 'memoryRequest' | 'memoryLimit', string | undefined>>): boolean {
  return [cpuRequest, cpuLimit, memoryRequest, memoryLimit].some((amount) => amount !== undefined);
}
