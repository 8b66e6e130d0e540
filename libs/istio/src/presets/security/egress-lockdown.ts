import { definePreset, withoutReferences } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { egressGatewayField, passThroughGateway } from '../parameters/egress-gateway.ts';
import { externalServiceField, serviceEntry } from '../parameters/external-service.ts';
import type { ExternalService } from '../parameters/external-service.ts';
import { meshScope, namespacesScope, placesOf } from '../parameters/mesh-scope.ts';
import { sidecarHostsField } from '../parameters/sidecar-hosts.ts';

export const egressLockdown = definePreset({
  name: 'egress-lockdown',
  title: 'Egress lock-down',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Workloads reach what the mesh knows, and nothing else: calls to unknown hosts end at their own proxy. What they need outside is declared here, host by host, and can be sent through an egress gateway.',
  notes: [
    'Istio reads one Sidecar without selector in a namespace. This one is called "default"; where there is one already, let this preset take its hosts over (visibleHosts), or set its outboundTrafficPolicy instead.',
    'A namespace’s own Sidecar replaces the one of the root namespace as a whole, its outbound policy included: for the whole mesh there must be none, or each must say REGISTRY_ONLY.',
    'It is a guard against accidents, not against attackers: a workload that evades its proxy (another user ID, excluded ports or addresses, UDP) gets out. Add NetworkPolicies that let only the egress gateway, or only known addresses, out of the cluster.',
    'With DNS the proxy resolves names by itself and connects to what it finds. Wildcards and address blocks cannot be resolved: for those the proxy believes the server name or Host header, and a workload can reach any address under such a name.',
    'HTTPS is told apart by the server name of the handshake alone; clients that send none are refused.',
    'ztunnel does not know outboundTrafficPolicy: in ambient mode route egress through a waypoint, or use NetworkPolicies.',
    'Refused HTTP calls are answered with 502, TLS and TCP connections are cut; metrics name the destination BlackHoleCluster.',
  ],
  parameters: z
    .strictObject({
      target: z.discriminatedUnion('scope', [meshScope, namespacesScope]).meta({ title: 'Where', description: 'The whole mesh, or namespaces.' }),
      visibleHosts: sidecarHostsField.default(['*/*']).meta({ title: 'Visible hosts', description: 'What the proxies know of the mesh, as namespace/host. All of it, if nothing is said.' }),
      exceptions: z
        .array(externalServiceField)
        .default([])
        .refine((services) => new Set(services.map(({ name }) => name)).size === services.length, 'Give each exception a name of its own')
        .meta({ title: 'Exceptions', description: 'Hosts outside that may be called.' }),
      egressGateway: egressGatewayField.optional().meta({ title: 'Egress gateway', description: 'Send the exceptions through this gateway: TLS as the workloads have begun it.' }),
    })
    .refine(({ visibleHosts, exceptions, target }) => exceptions.length === 0 || visibleHosts.some((host) => host === '*/*' || host === `${target.scope === 'MESH' ? target.rootNamespace : '.'}/*`), {
      path: ['visibleHosts'],
      message: 'The exceptions would not be seen: add "./*" (or, for the whole mesh, the root namespace with "/*")',
    })
    .refine(({ visibleHosts, egressGateway }) => egressGateway === undefined || visibleHosts.includes('*/*') || visibleHosts.includes(`${egressGateway.namespace}/*`), {
      path: ['visibleHosts'],
      message: 'The egress gateway would not be seen: add its namespace with "/*"',
    })
    .refine(({ egressGateway, exceptions }) => egressGateway === undefined || exceptions.every(({ name }) => !withoutReferences(name).includes('.')), {
      path: ['exceptions'],
      message: 'A Gateway is named after each exception, and names of Gateways have no dots: leave them out',
    })
    .refine(({ egressGateway, exceptions }) => egressGateway === undefined || exceptions.every(goesThroughGateway), {
      path: ['exceptions'],
      message: 'Through the gateway goes one TLS or HTTPS port per exception, and hosts without wildcard: use the preset egress-gateway for plain HTTP, and leave other protocols out',
    }),
  example: {
    target: { scope: 'NAMESPACES', namespaces: ['shop'] },
    exceptions: [
      { name: 'card-processor', hosts: ['api.cards.example.com'] },
      { name: 'mail-relay', hosts: ['smtp.mail.example.net'], addresses: ['203.0.113.25'], ports: [{ number: 587, protocol: 'TCP' }] },
    ],
  },
  render: ({ target, visibleHosts, exceptions, egressGateway }) => {
    const { namespaces } = placesOf(target);
    const exportTo = target.scope === 'MESH' ? ['*'] : ['.', ...(egressGateway === undefined ? [] : [egressGateway.namespace])];
    const locked = namespaces.map((namespace): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'default', namespace },
      spec: { egress: [{ hosts: visibleHosts }], outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
    }));
    const entries = namespaces.flatMap((namespace) => exceptions.map((exception) => serviceEntry(exception, namespace, exportTo)));
    const routes = egressGateway === undefined ? [] : exceptions.flatMap(({ name, hosts, ports }) => passThroughGateway(name, hosts, ports[0]?.number ?? 443, egressGateway));
    return [...locked, ...entries, ...routes];
  },
});

function goesThroughGateway({ hosts, ports, addresses }: ExternalService): boolean {
  return ports.length === 1 && ports.every(({ protocol }) => protocol === 'TLS' || protocol === 'HTTPS') && addresses === undefined && hosts.every((host) => !host.startsWith('*'));
}
