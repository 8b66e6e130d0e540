import { definePreset, dnsLabelField, hostField, labelsField, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';

const dependency = z
  .strictObject({
    namespace: z
      .string()
      .max(253)
      .refine((name) => name === '*' || dnsLabelField.safeParse(name).success, 'Must be the name of a namespace, or "*" for any')
      .meta({ title: 'Namespace', description: 'Namespace of what is called; "*" for hosts outside, wherever they are declared.', examples: ['pay', 'search', '*'] }),
    hosts: z
      .array(hostField.meta({ examples: ['ledger.pay.svc.cluster.local', 'api.example.com'] }))
      .min(1)
      .refine((hosts) => new Set(hosts).size === hosts.length, 'Name each host once')
      .optional()
      .meta({ title: 'Hosts', description: 'Full names of the Services; all of the namespace, if none is named.' }),
  })
  .refine(({ namespace, hosts }) => namespace !== '*' || hosts !== undefined, { path: ['hosts'], message: 'Name the hosts: all hosts of all namespaces is what proxies know already' });

export const sidecarScope = definePreset({
  name: 'sidecar-scope',
  title: 'Sidecar scope from dependencies',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Proxies learn of the services that their workloads call, and of no others: less memory, faster starts, and a change somewhere in the mesh no longer reaches every proxy. You declare what is called, and the preset writes the Sidecar.',
  notes: [
    'A dependency that was forgotten becomes an unknown host: with ALLOW_ANY the call leaves as it is, without mutual TLS, routing and retries (and a STRICT server refuses it); with REGISTRY_ONLY it ends with 502. The metric destination_service_name="PassthroughCluster" or "BlackHoleCluster" tells.',
    'Istio reads one Sidecar without labels in a namespace. For the namespace’s it is called "default"; one with labels wins over it.',
    'istio-system is kept visible for telemetry and tracing services that run there; take it out if yours run elsewhere.',
    'Rules of VirtualServices and DestinationRules come along only for hosts that are visible; a route to a host that is not is dropped in silence.',
    'Hosts outside (ServiceEntries) are dependencies too, in the namespace that declares them.',
    'ztunnel and waypoints do not read Sidecars; in an ambient namespace this has no effect.',
  ],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads that call.' }),
      labels: labelsField.optional().meta({ title: 'Labels', description: 'Only pods with these labels; all of the namespace, if none are given.' }),
      name: objectNameField.optional().meta({ title: 'Name', description: 'Name of the object when it has labels: "sidecar-scope" if none is given. Without labels it is always "default".' }),
      dependencies: z
        .array(dependency)
        .default([])
        .refine((all) => new Set(all.map(({ namespace }) => namespace)).size === all.length, 'Name each namespace once')
        .meta({ title: 'Dependencies', description: 'What the workloads call, besides their own namespace.' }),
      ownNamespace: z.boolean().default(true).meta({ title: 'Own namespace', description: 'Keep all of the own namespace visible.' }),
      controlPlaneNamespace: dnsLabelField.nullable().default('istio-system').meta({ title: 'Control plane’s namespace', description: 'Namespace that stays visible as a whole; null for none.' }),
      unknownHosts: z.enum(['INHERIT', 'ALLOW_ANY', 'REGISTRY_ONLY']).default('INHERIT').meta({ title: 'Unknown hosts', description: 'What becomes of calls to hosts that are not visible; as the mesh says, if INHERIT.' }),
    })
    .refine(({ labels, name }) => labels !== undefined || name === undefined, { path: ['name'], message: 'The Sidecar of a namespace is called "default": leave the name out' })
    .refine(({ dependencies, namespace, ownNamespace }) => !ownNamespace || dependencies.every((one) => one.namespace !== namespace), { path: ['dependencies'], message: 'The own namespace is visible already: leave it out, or set ownNamespace to false' })
    .refine(({ dependencies, controlPlaneNamespace }) => dependencies.every((one) => one.namespace !== controlPlaneNamespace), { path: ['dependencies'], message: 'The control plane’s namespace is visible already: leave it out, or set controlPlaneNamespace to null' })
    .refine(({ namespace, ownNamespace, controlPlaneNamespace }) => !ownNamespace || namespace !== controlPlaneNamespace, { path: ['controlPlaneNamespace'], message: 'It is the own namespace, which is visible already: set it to null' })
    .refine(({ dependencies, ownNamespace, controlPlaneNamespace }) => dependencies.length > 0 || ownNamespace || controlPlaneNamespace !== null, { path: ['dependencies'], message: 'Something must stay visible' }),
  example: { namespace: 'shop', dependencies: [{ namespace: 'pay', hosts: ['ledger.pay.svc.cluster.local'] }, { namespace: 'search' }, { namespace: '*', hosts: ['api.cards.example.com'] }] },
  render: ({ namespace, labels, name = 'sidecar-scope', dependencies, ownNamespace, controlPlaneNamespace, unknownHosts }) => [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: labels === undefined ? 'default' : name, namespace },
      spec: {
        ...(labels === undefined ? {} : { workloadSelector: { labels } }),
        egress: [
          {
            hosts: [
              ...(ownNamespace ? ['./*'] : []),
              ...(controlPlaneNamespace === null ? [] : [`${controlPlaneNamespace}/*`]),
              ...dependencies.flatMap((one) => (one.hosts ?? ['*']).map((host) => `${one.namespace}/${host}`)),
            ],
          },
        ],
        ...(unknownHosts === 'INHERIT' ? {} : { outboundTrafficPolicy: { mode: unknownHosts } }),
      },
    },
  ],
});
