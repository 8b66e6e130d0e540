import { definePreset, dnsLabelField, objectNameField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { policyObject, policyRef, PROBE_NOTE, server, serverFields, SERVER_NOTE } from './parameters/server-fields.ts';

const account = z.strictObject({
  name: objectNameField.meta({ title: 'Name', description: 'Name of the service account.' }),
  namespace: dnsLabelField.optional().meta({ title: 'Namespace', description: 'Its namespace; that of the pods by default.' }),
});
const cidr = z.union([z.cidrv4(), z.cidrv6()]).meta({ examples: ['10.0.0.0/8', '192.168.1.0/24', 'fd00::/8'] });
const path = z.string().max(1_024).regex(/^\/[A-Za-z0-9_./-]*$/, 'Must be a path that begins with "/"').meta({ examples: ['/orders', '/healthz'] });

export const linkerdAllowList = definePreset({
  name: 'linkerd-allow-list',
  title: 'Allow list by mesh identity (Linkerd)',
  category: 'SECURITY',
  flavour: 'LINKERD',
  description: 'Lets only named service accounts, and callers from named networks, reach a port of some pods: everything, or some methods and paths. All others are refused.',
  notes: [
    SERVER_NOTE,
    PROBE_NOTE,
    'Identities are proved by mutual TLS between proxies; networks are not proved at all, and let callers without a proxy in.',
    'With routes, requests that fit none of them are answered 404, also those of callers that are allowed.',
    'Who is refused gets 403, or a closed connection where the protocol is not HTTP.',
  ],
  parameters: z
    .strictObject({
      ...serverFields,
      serviceAccounts: z.array(account).default([]).meta({ title: 'Service accounts', description: 'Callers that are allowed.' }),
      networks: z.array(cidr).default([]).meta({ title: 'Networks', description: 'CIDR blocks from which anybody is allowed, meshed or not.' }),
      routes: z
        .array(
          z.strictObject({
            path: path.meta({ title: 'Path', description: 'Beginning of the path; whole segments.' }),
            methods: z
              .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']))
              .refine((methods) => new Set(methods).size === methods.length, 'Name each method once')
              .default([])
              .meta({ title: 'Methods', description: 'All by default.', examples: [['GET'], ['GET', 'POST']] }),
          }),
        )
        .max(16)
        .default([])
        .meta({ title: 'Routes', description: 'What they may call; everything by default.' }),
      probePaths: z.array(path).max(8).default([]).meta({ title: 'Paths of probes', description: 'GET requests to these paths are allowed from anywhere. Needed with routes.' }),
    })
    .superRefine(({ serviceAccounts, networks, routes, probePaths, protocol }, context) => {
      if (serviceAccounts.length + networks.length === 0) context.addIssue({ code: 'custom', path: ['serviceAccounts'], message: 'Allow somebody: a service account or a network. To allow nobody, use linkerd-default-deny' });
      if (probePaths.length > 0 && routes.length === 0) context.addIssue({ code: 'custom', path: ['probePaths'], message: 'Without routes, probes pass anyway: leave it out' });
      if (routes.length > 0 && (protocol === 'opaque' || protocol === 'TLS')) context.addIssue({ code: 'custom', path: ['routes'], message: `Routes need HTTP; the protocol is ${protocol}` });
    }),
  example: {
    namespace: 'shop',
    name: 'orders-http',
    labels: { app: 'orders' },
    port: 'http',
    protocol: 'HTTP/1',
    serviceAccounts: [{ name: 'frontend' }, { name: 'billing', namespace: 'finance' }],
    routes: [{ path: '/orders', methods: ['GET', 'POST'] }],
    probePaths: ['/healthz'],
  },
  render: (parameters): KubeObject[] => {
    const { namespace, name, serviceAccounts, networks, routes, probePaths } = parameters;
    const target = routes.length === 0 ? policyRef('Server', name) : policyRef('HTTPRoute', `${name}-allowed`);
    const objects = [server(parameters)];
    if (routes.length > 0) objects.push(route(namespace, name, `${name}-allowed`, routes.flatMap(matchesOf)));
    if (serviceAccounts.length > 0) {
      const identityRefs = serviceAccounts.map((one): JsonObject => ({ kind: 'ServiceAccount', name: one.name, ...(one.namespace === undefined ? {} : { namespace: one.namespace }) }));
      objects.push(policyObject('MeshTLSAuthentication', 'v1alpha1', namespace, `${name}-accounts`, { identityRefs }));
      objects.push(allow(namespace, `${name}-accounts`, target, 'MeshTLSAuthentication', `${name}-accounts`));
    }
    if (networks.length > 0) {
      objects.push(policyObject('NetworkAuthentication', 'v1alpha1', namespace, `${name}-networks`, { networks: networks.map((block) => ({ cidr: block })) }));
      objects.push(allow(namespace, `${name}-networks`, target, 'NetworkAuthentication', `${name}-networks`));
    }
    if (probePaths.length > 0) {
      objects.push(route(namespace, name, `${name}-probes`, probePaths.map((value) => ({ method: 'GET', path: { type: 'Exact', value } }))));
      objects.push(policyObject('NetworkAuthentication', 'v1alpha1', namespace, `${name}-probes`, { networks: [{ cidr: '0.0.0.0/0' }, { cidr: '::/0' }] }));
      objects.push(allow(namespace, `${name}-probes`, policyRef('HTTPRoute', `${name}-probes`), 'NetworkAuthentication', `${name}-probes`));
    }
    return objects;
  },
});

function route(namespace: string, serverName: string, name: string, matches: JsonObject[]): KubeObject {
  return policyObject('HTTPRoute', 'v1beta3', namespace, name, { parentRefs: [policyRef('Server', serverName)], rules: [{ matches }] });
}

function matchesOf({ path: value, methods }: { readonly path: string; readonly methods: readonly string[] }): JsonObject[] {
  const at = { path: { type: 'PathPrefix', value } };
  return methods.length === 0 ? [at] : methods.map((method) => ({ method, ...at }));
}

function allow(namespace: string, name: string, targetRef: JsonObject, kind: string, authentication: string): KubeObject {
  return policyObject('AuthorizationPolicy', 'v1alpha1', namespace, name, { targetRef, requiredAuthenticationRefs: [policyRef(kind, authentication)] });
}
