import { definePreset, dnsLabelField, objectNameField, portField, wildcardHostField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';

const cidr = z.union([z.cidrv4(), z.cidrv6()]).meta({ examples: ['0.0.0.0/0', '203.0.113.0/24'] });

export const linkerdEgress = definePreset({
  name: 'linkerd-egress',
  title: 'Egress lock-down (Linkerd)',
  category: 'GATEWAY',
  flavour: 'LINKERD',
  description: 'Refuses what leaves the cluster from a namespace, but for declared hosts.',
  notes: [
    'It holds for meshed pods of the namespace; in the namespace linkerd-egress, for all namespaces that have none of their own.',
    'No sidecar can hold a hostile program, which may go round its proxy: add network policies where that matters.',
    'Needs Linkerd 2.17 or later and the Gateway API’s HTTPRoute; for hosts behind TLS its TLSRoute, which is in the experimental channel.',
    'Hosts behind TLS are told by the name in the handshake, which a client can forge; their paths cannot be seen.',
    'What counts as inside the cluster is a setting of Linkerd’s installation (clusterNetworks): check it before denying.',
  ],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace whose pods are locked down.' }),
      name: objectNameField.meta({ title: 'Name', description: 'Name of the EgressNetwork.' }),
      otherwise: z.enum(['DENY', 'ALLOW']).default('DENY').meta({ title: 'Otherwise', description: 'What happens to all that is not declared. ALLOW only shows it in the metrics.' }),
      networks: z
        .array(
          z.strictObject({
            cidr: cidr.meta({ title: 'CIDR', description: 'A block of addresses.' }),
            except: z.array(cidr).default([]).meta({ title: 'Except', description: 'Blocks within it that do not belong.' }),
          }),
        )
        .default([])
        .meta({ title: 'Networks', description: 'What counts as outside; everything that is not the cluster’s by default.' }),
      allow: z
        .array(
          z.strictObject({
            name: dnsLabelField.meta({ title: 'Name', description: 'Names the route.' }),
            protocol: z.enum(['HTTP', 'TLS']).default('TLS').meta({ title: 'Protocol', description: 'What callers speak to it.' }),
            hosts: z.array(wildcardHostField).min(1).max(16).meta({ title: 'Hosts', description: 'Names of the hosts.', examples: [['api.example.com'], ['*.example.com', 'example.com']] }),
            port: portField.meta({ title: 'Port', description: 'Port of the hosts.' }),
          }),
        )
        .default([])
        .refine((routes) => new Set(routes.map(({ name }) => name)).size === routes.length, 'Give each a name of its own')
        .meta({ title: 'Allow', description: 'What may be reached.' }),
    })
    .refine(({ otherwise, allow }) => otherwise === 'DENY' || allow.length === 0, { path: ['allow'], message: 'Everything is allowed already: leave it out, or deny the rest' }),
  example: { namespace: 'shop', name: 'outside', allow: [{ name: 'payments', hosts: ['api.payments.example.com'], port: 443 }, { name: 'mirror', protocol: 'HTTP', hosts: ['packages.example.com'], port: 80 }] },
  render: ({ namespace, name, otherwise, networks, allow }): KubeObject[] => [
    {
      apiVersion: 'policy.linkerd.io/v1alpha1',
      kind: 'EgressNetwork',
      metadata: { name, namespace },
      spec: {
        trafficPolicy: otherwise === 'DENY' ? 'Deny' : 'Allow',
        ...(networks.length === 0 ? {} : { networks: networks.map(({ cidr: block, except }): JsonObject => ({ cidr: block, ...(except.length === 0 ? {} : { except }) })) }),
      },
    },
    ...allow.map((route): KubeObject => {
      const network = { group: 'policy.linkerd.io', kind: 'EgressNetwork', name };
      return {
        apiVersion: route.protocol === 'HTTP' ? 'gateway.networking.k8s.io/v1' : 'gateway.networking.k8s.io/v1alpha3',
        kind: route.protocol === 'HTTP' ? 'HTTPRoute' : 'TLSRoute',
        metadata: { name: `${name}-${route.name}`, namespace },
        spec: { parentRefs: [{ ...network, port: route.port }], hostnames: route.hosts, rules: [{ backendRefs: [network] }] },
      };
    }),
  ],
});
