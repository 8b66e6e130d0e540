import { definePreset, dnsLabelField, objectNameField, presentFields, wildcardHostField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { routeListField } from '../parameters/route-list.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';

export const gatewayApiIngress = definePreset({
  name: 'gateway-api-ingress',
  title: 'Ingress gateway with TLS (Gateway API)',
  category: 'GATEWAY',
  flavour: 'GATEWAY_API',
  description: 'A gateway of its own, in the Gateway API’s kinds: Istio deploys the proxies and their Service for it. TLS with your certificates, client certificates if you ask for them, plain HTTP sent to https, and paths routed to Services.',
  notes: [
    'Istio runs Deployment and Service for this Gateway, both named after it and its class. Deleting the Gateway deletes them, and with them the address at the load balancer.',
    'Each host has a listener and a certificate. The Secrets must stand in the namespace of the Gateway.',
    'Client certificates are asked for through an option of Istio’s (gateway.istio.io/tls-terminate-mode): other implementations do not know it. The Secret carries the roots under ca.crt.',
    'HTTPRoutes stand with the Services that they route to, and the Gateway lets in routes of that namespace alone.',
    'The longest matching path counts, in whatever order the routes stand.',
    'Authorization policies are attached to it by reference (target GATEWAYS), or by its pods’ label gateway.networking.k8s.io/gateway-name.',
    'Needs the Gateway API’s definitions in the cluster: Istio does not install them.',
  ],
  parameters: z
    .strictObject({
      name: dnsLabelField.max(40, 'Must be no longer than 40 characters: the names of Deployment and Service are made of it').meta({ title: 'Name', description: 'Name of the Gateway, and begin of the routes’ names.' }),
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Gateway and its proxies.' }),
      gatewayClass: objectNameField.default('istio').meta({ title: 'Class', description: 'GatewayClass.' }),
      hosts: z
        .array(
          z.strictObject({
            host: wildcardHostField.meta({ title: 'Host', description: 'Host that is served, as in "shop.example.com" or "*.example.com".', examples: ['shop.example.com', 'www.example.com', '*.example.org'] }),
            certificate: objectNameField.meta({ title: 'Certificate', description: 'Secret of the type kubernetes.io/tls.' }),
          }),
        )
        .min(1)
        .max(16)
        .refine((hosts) => new Set(hosts.map(({ host }) => host)).size === hosts.length, 'Name each host once')
        .meta({ title: 'Hosts', description: 'Hosts, each with its certificate.' }),
      clientCertificates: z.enum(['NONE', 'OPTIONAL', 'REQUIRED']).default('NONE').meta({ title: 'Client certificates', description: 'Whether clients may or must show a certificate.' }),
      redirectHttp: z.boolean().default(true).meta({ title: 'Send HTTP to https', description: 'Answer plain HTTP with a redirect (301).' }),
      routeNamespace: dnsLabelField.optional().meta({ title: 'Routes’ namespace', description: 'Namespace of the routes and of the Services behind them; that of the Gateway if none is given.' }),
      routes: routeListField({ title: 'Service', description: 'Name of the Service, in the routes’ namespace.', examples: ['web', 'api'] }),
    })
    .refine(({ routes }) => routes.every(({ service }) => !service.includes('.') && service.length <= 63), { path: ['routes'], message: 'Write the bare names of Services: an HTTPRoute looks for them in its own namespace' }),
  example: {
    name: 'public',
    namespace: 'istio-ingress',
    hosts: [{ host: 'shop.example.com', certificate: 'shop-example-com' }],
    routeNamespace: 'shop',
    routes: [{ pathPrefix: '/api', service: 'api', port: 8080 }, { service: 'web' }],
  },
  render: ({ name, namespace, gatewayClass, hosts, clientCertificates, redirectHttp, routeNamespace = namespace, routes }) => {
    const allowedRoutes = { namespaces: routeNamespace === namespace ? { from: 'Same' } : { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': routeNamespace } } } };
    const options = clientCertificates === 'NONE' ? undefined : { 'gateway.istio.io/tls-terminate-mode': clientCertificates === 'REQUIRED' ? 'MUTUAL' : 'OPTIONAL_MUTUAL' };
    const secure = hosts.map(({ host, certificate }, at) => ({
      name: `https-${String(at + 1)}`,
      port: 443,
      protocol: 'HTTPS',
      hostname: host,
      tls: presentFields({ mode: 'Terminate', certificateRefs: [{ name: certificate }], options }),
      allowedRoutes,
    }));
    const plain = redirectHttp ? [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes }] : [];
    const parent = { name, ...(routeNamespace === namespace ? {} : { namespace }) };
    const hostnames = hosts.map(({ host }) => host);
    const route = (routeName: string, sections: readonly string[], rules: readonly JsonObject[]): KubeObject => ({
      apiVersion: GATEWAY_API,
      kind: 'HTTPRoute',
      metadata: { name: routeName, namespace: routeNamespace },
      spec: { parentRefs: sections.map((sectionName) => ({ ...parent, sectionName })), hostnames, rules },
    });
    return [
      { apiVersion: GATEWAY_API, kind: 'Gateway', metadata: { name, namespace }, spec: { gatewayClassName: gatewayClass, listeners: [...secure, ...plain] } },
      route(name, secure.map((listener) => listener.name), routes.map(({ pathPrefix, service, port }) => ({ matches: [{ path: { type: 'PathPrefix', value: pathPrefix } }], backendRefs: [{ name: service, port }] }))),
      ...(redirectHttp ? [route(`${name}-redirect`, ['http'], [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }])] : []),
    ];
  },
});
