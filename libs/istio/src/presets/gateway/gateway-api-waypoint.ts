import { definePreset, dnsLabelField } from '@meshfleet/manifest';
import { z } from 'zod';

export const gatewayApiWaypoint = definePreset({
  name: 'gateway-api-waypoint',
  title: 'Waypoint',
  category: 'GATEWAY',
  flavour: 'GATEWAY_API',
  description: 'Gives an ambient namespace a waypoint: the proxy that reads requests, for policies about methods, paths and tokens, for routing and retries. Istio deploys it for the Gateway, and the namespace is told to use it.',
  notes: [
    'The namespace must be in ambient mode (preset namespace-injection), and the Gateway API’s definitions in the cluster.',
    'A waypoint sees what is sent to Services. For calls to pods by address let it serve workloads too (traffic ALL), and close the way past it with the preset waypoint-only.',
    'In a mesh of several clusters every cluster needs a waypoint of this name with the same policies; one that exists in the server’s cluster alone is walked past.',
    'One pod serves all by default. Give the Deployment that Istio makes a HorizontalPodAutoscaler, and a budget for disruptions.',
    'Traffic from ingress gateways passes by the waypoint unless ingressUsesWaypoint is set.',
    'The labels on the namespace are written as metadata alone: the namespace stays whose it is, and withdrawing the policy takes the labels back.',
  ],
  parameters: z
    .strictObject({
      name: dnsLabelField.max(63, 'Must be no longer than 63 characters').default('waypoint').meta({ title: 'Name', description: 'Name of the Gateway, of its Service and of its service account.' }),
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace that the waypoint is for.' }),
      traffic: z.enum(['SERVICE', 'WORKLOAD', 'ALL']).default('SERVICE').meta({ title: 'Traffic', description: 'What it handles: calls to Services, to pods by address, or both.' }),
      useInNamespace: z.boolean().default(true).meta({ title: 'Use in the namespace', description: 'Label the namespace so that all of its Services use the waypoint. Else label Services or pods with istio.io/use-waypoint yourself.' }),
      ingressUsesWaypoint: z.boolean().default(false).meta({ title: 'Ingress uses it', description: 'Traffic from ingress gateways goes through the waypoint too.' }),
    })
    .refine(({ useInNamespace, ingressUsesWaypoint }) => useInNamespace || !ingressUsesWaypoint, { path: ['ingressUsesWaypoint'], message: 'The label for ingress stands beside the one that makes the namespace use the waypoint: set useInNamespace' }),
  example: { namespace: 'shop', ingressUsesWaypoint: true },
  render: ({ name, namespace, traffic, useInNamespace, ingressUsesWaypoint }) => [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace, labels: { 'istio.io/waypoint-for': traffic.toLowerCase() } },
      spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
    },
    ...(useInNamespace ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'istio.io/use-waypoint': name, ...(ingressUsesWaypoint ? { 'istio.io/ingress-use-waypoint': 'true' } : {}) } } }] : []),
  ],
});
