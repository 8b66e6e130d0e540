import { cores, cpuField, definePreset, memoryBytes, memoryField } from '@meshfleet/manifest';
import { z } from 'zod';
import { annotated, OWNERS_NOTE, POD_WINS_NOTE, PROXY_START_NOTE, proxyTargetField } from './parameters/proxy-target.ts';

export const linkerdProxyResources = definePreset({
  name: 'linkerd-proxy-resources',
  title: 'Proxy resources and concurrency (Linkerd)',
  category: 'TUNING',
  flavour: 'LINKERD',
  description: 'What CPU and memory the proxies of a namespace or of some workloads ask for, and how many threads they run.',
  notes: [
    PROXY_START_NOTE,
    POD_WINS_NOTE,
    OWNERS_NOTE,
    'Linkerd has no number of threads: a proxy runs as many workers as its CPU limit, rounded up, or as its share of the node’s cores allows. Without either, Linkerd’s own configuration decides.',
    'The share of the cores needs Linkerd 2.18 or later; older ones do not know the annotation and ignore it.',
  ],
  parameters: z
    .strictObject({
      target: proxyTargetField,
      cpuRequest: cpuField.optional().meta({ title: 'CPU request', description: 'CPU that is set aside for a proxy.' }),
      cpuLimit: cpuField.optional().meta({ title: 'CPU limit', description: 'CPU that a proxy may use at most; rounded up it is the number of its threads.' }),
      coresShare: z.int().min(1).max(100).optional().meta({ title: 'Share of cores', description: 'Threads of a proxy in per cent of the node’s cores, at most.' }),
      memoryRequest: memoryField.optional().meta({ title: 'Memory request', description: 'Memory that is set aside for a proxy.' }),
      memoryLimit: memoryField.optional().meta({ title: 'Memory limit', description: 'Memory that a proxy may use at most; beyond it is killed.' }),
    })
    .refine(({ target: _target, ...amounts }) => Object.values(amounts).some((amount) => amount !== undefined), { path: ['cpuRequest'], message: 'Name an amount of CPU or memory, or a share of cores' })
    .refine(({ cpuRequest, cpuLimit }) => cpuRequest === undefined || cpuLimit === undefined || cores(cpuRequest) <= cores(cpuLimit), { path: ['cpuLimit'], message: 'The limit must not be lower than the request' })
    .refine(({ memoryRequest, memoryLimit }) => memoryRequest === undefined || memoryLimit === undefined || memoryBytes(memoryRequest) <= memoryBytes(memoryLimit), { path: ['memoryLimit'], message: 'The limit must not be lower than the request' }),
  example: { target: { of: 'WORKLOADS', namespace: 'shop', workloads: [{ name: 'search' }] }, cpuRequest: '100m', cpuLimit: '2', memoryRequest: '64Mi', memoryLimit: '256Mi' },
  render: ({ target, cpuRequest, cpuLimit, coresShare, memoryRequest, memoryLimit }) => {
    const said = { 'cpu-request': cpuRequest, 'cpu-limit': cpuLimit, 'cpu-ratio-limit': coresShare === undefined ? undefined : (coresShare / 100).toFixed(2), 'memory-request': memoryRequest, 'memory-limit': memoryLimit };
    return annotated(target, Object.fromEntries(Object.entries(said).flatMap(([name, amount]) => (amount === undefined ? [] : [[`config.linkerd.io/proxy-${name}`, amount]]))));
  },
});
