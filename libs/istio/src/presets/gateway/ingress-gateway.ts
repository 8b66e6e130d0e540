import { definePreset, dnsLabelField, labelsField, objectNameField, presentFields, publicHostField } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';
import { standApart } from '../parameters/stand-apart.ts';
import { routeListField } from '../parameters/route-list.ts';

export const ingressGateway = definePreset({
  name: 'ingress-gateway',
  title: 'Ingress gateway with TLS',
  category: 'GATEWAY',
  flavour: 'ISTIO',
  description: 'Opens hosts to the world at an Istio gateway: TLS with your certificate, client certificates if you ask for them, plain HTTP sent to https, and paths routed to Services.',
  notes: [
    'The Secret with the certificate must stand in the namespace of the gateway’s pods, not in that of the Gateway object. Keys: tls.crt and tls.key; for client certificates ca.crt too, or a second Secret with "-cacert" behind its name.',
    'Two Gateways with one certificate for several hosts let browsers reuse a connection for the wrong host (HTTP/2), who then get 404. Give hosts of one certificate one Gateway with all of them.',
    'The ports 443 and 80 are those of the gateway’s Service. Behind a load balancer that ends TLS itself this is not what you want.',
    'OPTIONAL_MUTUAL verifies a client certificate if there is one, and lets in who shows none: decide by an authorization policy.',
    'A client certificate at the edge gives no identity in the mesh: policies by service account see that of the gateway.',
    'A mesh-wide default deny closes the gateway too, see default-deny.',
  ],
  parameters: z
    .strictObject({
      name: dnsLabelField.max(63, 'Must be no longer than 63 characters').meta({ title: 'Name', description: 'Name of the objects.' }),
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Gateway and the VirtualService.' }),
      gatewayLabels: labelsField.default({ istio: 'ingressgateway' }).meta({ title: 'Gateway labels', description: 'Labels of the gateway’s pods.' }),
      hosts: z
        .array(publicHostField.meta({ examples: ['shop.example.com', 'www.example.com', '*.example.org'] }))
        .min(1)
        .max(64)
        .refine(standApart, 'Name each host once, and none beside a wildcard that covers it: istiod refuses both')
        .meta({ title: 'Hosts', description: 'Hosts that are served, as in "shop.example.com" or "*.example.com".' }),
      tls: z
        .strictObject({
          mode: z.enum(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL']).default('SIMPLE').meta({ title: 'Mode', description: 'SIMPLE shows the server’s certificate, MUTUAL demands one of the client, OPTIONAL_MUTUAL takes one if there is one.' }),
          credentialName: objectNameField.meta({ title: 'Credential', description: 'Secret with the certificate.' }),
          minVersion: z.enum(['TLSV1_2', 'TLSV1_3']).default('TLSV1_2').meta({ title: 'Oldest TLS version', description: 'Oldest version that is spoken.' }),
          subjectAltNames: z.array(z.string().min(1)).min(1).optional().meta({ title: 'Clients’ names', description: 'With MUTUAL: names, one of which the client’s certificate must carry. Any that its root signed, if none is given.' }),
        })
        .refine(({ mode, subjectAltNames }) => mode === 'MUTUAL' || subjectAltNames === undefined, { path: ['subjectAltNames'], message: 'Names of clients are verified with MUTUAL alone' })
        .meta({ title: 'TLS', description: 'How the gateway speaks TLS.' }),
      redirectHttp: z.boolean().default(true).meta({ title: 'Send HTTP to https', description: 'Answer plain HTTP with a redirect (301). Without it the port for plain HTTP stays closed for these hosts.' }),
      routes: routeListField({ title: 'Service', description: 'Full name of the Service.', examples: ['web.shop.svc.cluster.local', 'api.example.com'] }),
    })
    .refine(({ routes }) => routes.every(({ service }) => service.includes('.')), { path: ['routes'], message: 'Write the full names of Services, as in "web.shop.svc.cluster.local"' }),
  example: {
    name: 'shop',
    namespace: 'shop',
    hosts: ['shop.example.com'],
    tls: { credentialName: 'shop-example-com' },
    routes: [
      { pathPrefix: '/api', service: 'api.shop.svc.cluster.local', port: 8080 },
      { service: 'web.shop.svc.cluster.local' },
    ],
  },
  render: ({ name, namespace, gatewayLabels, hosts, tls, redirectHttp, routes }) => [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: {
        selector: gatewayLabels,
        servers: [
          {
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            hosts,
            tls: presentFields({ mode: tls.mode, credentialName: tls.credentialName, minProtocolVersion: tls.minVersion, subjectAltNames: tls.subjectAltNames }),
          },
          ...(redirectHttp ? [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts, tls: { httpsRedirect: true } }] : []),
        ],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name, namespace },
      spec: { hosts, gateways: [`${namespace}/${name}`], http: routes.map(httpRoute) },
    },
  ],
});

function httpRoute({ pathPrefix, service, port }: { readonly pathPrefix: string; readonly service: string; readonly port: number }): JsonObject {
  const route = [{ destination: { host: service, port: { number: port } } }];
  const trunk = pathPrefix.replace(/\/$/, '');
  // A prefix alone would match "/apis" too.
  return trunk === '' ? { route } : { match: [{ uri: { exact: trunk } }, { uri: { prefix: `${trunk}/` } }], route };
}
