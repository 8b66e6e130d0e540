import { definePreset, dnsLabelField, hostField, objectNameField, portField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { egressGatewayField, passThroughGateway } from '../parameters/egress-gateway.ts';
import type { EgressGateway } from '../parameters/egress-gateway.ts';
import { serviceEntry } from '../parameters/external-service.ts';

const PUBLIC_ROOTS = '/etc/ssl/certs/ca-certificates.crt';

const destinationField = z
  .strictObject({
    host: hostField.refine((host) => /\.[^.]*[a-z-][^.]*$/.test(host), 'Must be a full name, as in "api.example.com"').meta({ title: 'Host', description: 'Name of the host outside.', examples: ['api.example.com', 'login.example.org'] }),
    port: portField.default(443).meta({ title: 'Port', description: 'Port of the host outside, which speaks TLS.' }),
    tls: z.enum(['ORIGINATE', 'PASS_THROUGH']).default('ORIGINATE').meta({ title: 'TLS', description: 'ORIGINATE: workloads call plain HTTP, the gateway begins TLS. PASS_THROUGH: workloads begin TLS themselves, the gateway passes it on.' }),
    callPort: portField.default(80).meta({ title: 'Port to call', description: 'With ORIGINATE: the port that workloads call in plain HTTP.' }),
    clientCredential: objectNameField.optional().meta({ title: 'Client credential', description: 'With ORIGINATE: Secret in the gateway’s namespace with a client certificate (tls.crt, tls.key) and the roots of the server (ca.crt). TLS is mutual then.' }),
    caCertificates: z
      .string()
      .regex(/^\/\S+$/, 'Must be a path in the gateway’s container')
      .default(PUBLIC_ROOTS)
      .meta({ title: 'Roots', description: 'With ORIGINATE and no client credential: file in the gateway’s container with the roots that the server is verified by. The public ones, if nothing is said.', examples: [PUBLIC_ROOTS] }),
  })
  .refine(({ tls, clientCredential }) => tls === 'ORIGINATE' || clientCredential === undefined, { path: ['clientCredential'], message: 'The gateway shows a certificate only where it begins TLS itself: choose ORIGINATE' })
  .refine(({ tls, port, callPort }) => tls === 'PASS_THROUGH' || port !== callPort, { path: ['callPort'], message: 'Workloads call another port in plain HTTP than the one that speaks TLS' });

type Destination = z.output<typeof destinationField> & { readonly name: string };

export const egressGateway = definePreset({
  name: 'egress-gateway',
  title: 'Egress gateway with TLS',
  category: 'GATEWAY',
  flavour: 'ISTIO',
  description: 'Traffic to hosts outside leaves through a gateway. Workloads call plain HTTP, are known to the gateway by their identity, and the gateway begins TLS, with a client certificate if need be; or they begin TLS themselves and the gateway passes it on.',
  notes: [
    'It says which way traffic takes, and keeps nobody from another. Close the others: egress-lockdown in the mesh, NetworkPolicies or a firewall around it.',
    'With ORIGINATE workloads must call http://, not https://: else TLS is begun twice. Between workload and gateway it is mutual TLS of the mesh.',
    'The server is verified: its name, and its chain by the roots that you name. Without roots a proxy may take any certificate.',
    'A Secret with the client certificate must stand in the namespace of the gateway’s pods; istiod hands it over if the gateway’s service account may read it.',
    'The gateway’s Service must serve the port that is named here; Istio’s chart serves 80 and 443.',
    'The rule that begins TLS is for the gateway’s pods alone, so that clients which speak TLS themselves are left as they are.',
  ],
  parameters: z.strictObject({
    name: dnsLabelField.max(60, 'Must be no longer than 60 characters').default('egress').meta({ title: 'Name', description: 'Begin of the objects’ names.' }),
    gateway: egressGatewayField.prefault({}).meta({ title: 'Gateway', description: 'The gateway’s pods and Service.' }),
    destinations: z
      .array(destinationField)
      .min(1)
      .max(64)
      .refine((all) => new Set(all.map(({ host }) => host)).size === all.length, 'Name each host once')
      .meta({ title: 'Destinations', description: 'Hosts outside.' }),
  }),
  example: {
    name: 'egress',
    destinations: [{ host: 'api.cards.example.com', clientCredential: 'cards-client' }, { host: 'login.example.org', tls: 'PASS_THROUGH' }],
  },
  render: ({ name, gateway, destinations }) => {
    const named = destinations.map((one, at) => ({ ...one, name: destinations.length === 1 ? name : `${name}-${String(at + 1)}` }));
    const originated = named.filter(({ tls }) => tls === 'ORIGINATE');
    return [...(originated.length === 0 ? [] : [towardsGateway(name, gateway, originated)]), ...named.flatMap((one) => (one.tls === 'ORIGINATE' ? originate(one, gateway) : passOn(one, gateway)))];
  },
});

/** Each destination is a subset of the gateway’s Service: workloads name it in the handshake with the gateway. */
function towardsGateway(name: string, gateway: EgressGateway, destinations: readonly Destination[]): KubeObject {
  const subsets = destinations.map((one) => ({ name: subsetOf(one), trafficPolicy: { portLevelSettings: [{ port: { number: gateway.port }, tls: { mode: 'ISTIO_MUTUAL', sni: one.host } }] } }));
  return { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: `${name}-gateway`, namespace: gateway.namespace }, spec: { host: gateway.host, subsets } };
}

/** Names of subsets are DNS labels. */
const subsetOf = ({ name }: Destination): string => name.replaceAll('.', '-').slice(-63).replace(/^-+/, '');

function originate(destination: Destination, gateway: EgressGateway): KubeObject[] {
  const { name, host, port, callPort, clientCredential, caCertificates } = destination;
  const { namespace } = gateway;
  const verified = { sni: host, subjectAltNames: [host] };
  const tls = clientCredential === undefined ? { mode: 'SIMPLE', caCertificates, ...verified } : { mode: 'MUTUAL', credentialName: clientCredential, ...verified };
  return [
    serviceEntry({ name, hosts: [host], ports: [{ number: callPort, protocol: 'HTTP' }, { number: port, protocol: 'HTTPS' }] }, namespace, ['*']),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: { selector: gateway.labels, servers: [{ port: { number: gateway.port, name: 'https', protocol: 'HTTPS' }, hosts: [host], tls: { mode: 'ISTIO_MUTUAL' } }] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name, namespace },
      spec: {
        hosts: [host],
        gateways: ['mesh', `${namespace}/${name}`],
        http: [
          { match: [{ gateways: ['mesh'], port: callPort }], route: [{ destination: { host: gateway.host, subset: subsetOf(destination), port: { number: gateway.port } } }] },
          { match: [{ gateways: [`${namespace}/${name}`], port: gateway.port }], route: [{ destination: { host, port: { number: port } } }] },
        ],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name, namespace },
      spec: { host, exportTo: ['.'], workloadSelector: { matchLabels: gateway.labels }, trafficPolicy: { portLevelSettings: [{ port: { number: port }, tls }] } },
    },
  ];
}

function passOn({ name, host, port }: Destination, gateway: EgressGateway): KubeObject[] {
  return [serviceEntry({ name, hosts: [host], ports: [{ number: port, protocol: 'TLS' }] }, gateway.namespace, ['*']), ...passThroughGateway(name, [host], port, gateway)];
}
