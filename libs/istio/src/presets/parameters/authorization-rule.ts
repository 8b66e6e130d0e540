import { portField, REFERENCE, withoutReferences } from '@meshfleet/manifest';
import { z } from 'zod';

const serviceAccount = z
  .string()
  .regex(new RegExp(`^(?:[a-z0-9.-]|${REFERENCE})+/(?:[a-z0-9.-]|${REFERENCE})+$`), 'Must be namespace and name of a service account, as in "shop/checkout"')
  .meta({ examples: ['shop/checkout', 'monitoring/prometheus'] });
const namespacePattern = z
  .string()
  .regex(new RegExp(String.raw`^\*?(?:[a-z0-9-]|${REFERENCE})+$|^(?:[a-z0-9-]|${REFERENCE})+\*$`), 'Must be the name of a namespace, with "*" at its start or end if need be')
  .meta({ examples: ['shop', 'team-*', '*-prod'] });
const addressBlock = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: 'Must be an IP address or a block, as in "10.1.2.3" or "10.0.0.0/8"' })
  .meta({ examples: ['10.1.2.3', '10.0.0.0/8', 'fd00::/8'] });
const method = z.string().regex(/^[A-Z]+$/, 'Must be an HTTP method in capitals').meta({ examples: ['GET', 'POST', 'PROPFIND'] });
const hostPattern = z
  .string()
  .regex(/^[^\s/]+$/, 'Must be a host, with "*" at its start or end if need be')
  .refine((host) => withoutReferences(host) === withoutReferences(host).toLowerCase(), 'Must be in lower case')
  .meta({ examples: ['api.example.com', '*.example.com', 'api.example.com:*'] });

/** A path as Istio matches it: exact, `/api/*`, `*.html`, or with the templates `{*}` and `{**}`. */
export const pathPatternField = z
  .string()
  .regex(/^[/*{$]\S*$/, 'Must start with "/" (or "*"), as in "/api/*"')
  .refine(isMatchable, 'Use one "*", at the start or the end; or whole segments "{*}" and a last "{**}", and no "*" beside them')
  .meta({ examples: ['/healthz', '/api/*', '*.html', '/users/{*}/orders', '/static/{**}'] });

const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).optional();

const source = z
  .strictObject({
    serviceAccounts: list(serviceAccount).meta({ title: 'Service accounts', description: 'Identities of clients, as namespace/name. They need mutual TLS.' }),
    namespaces: list(namespacePattern).meta({ title: 'Namespaces', description: 'Namespaces of clients, by their identity. They need mutual TLS.' }),
    ipBlocks: list(addressBlock).meta({ title: 'Addresses', description: 'Addresses that connections come from.' }),
    remoteIpBlocks: list(addressBlock).meta({ title: 'Original addresses', description: 'Addresses of clients before the proxies in front: from X-Forwarded-For or the PROXY protocol, as far as the mesh trusts them.' }),
    exceptServiceAccounts: list(serviceAccount).meta({ title: 'Except service accounts', description: 'Identities that do not match. Clients without identity do.' }),
    exceptNamespaces: list(namespacePattern).meta({ title: 'Except namespaces', description: 'Namespaces that do not match. Clients without identity do.' }),
    exceptIpBlocks: list(addressBlock).meta({ title: 'Except addresses', description: 'Addresses that do not match.' }),
    exceptRemoteIpBlocks: list(addressBlock).meta({ title: 'Except original addresses', description: 'Original addresses that do not match.' }),
  })
  .refine(saysSomething, 'Say something of the client, or leave it out');

const operation = z
  .strictObject({
    methods: list(method).meta({ title: 'Methods', description: 'HTTP methods. gRPC is POST.' }),
    paths: list(pathPatternField).meta({ title: 'Paths', description: 'Paths of requests, without query. Of gRPC: /package.Service/Method.' }),
    ports: list(portField).meta({ title: 'Ports', description: 'Ports that proxies see: of the container, not of the Service. At a waypoint it is the Service’s, at a gateway the listener’s.' }),
    hosts: list(hostPattern).meta({ title: 'Hosts', description: 'Host of the request, in lower case. A client may write the port behind it: add "host:*" if it is to match too.' }),
    exceptMethods: list(method).meta({ title: 'Except methods', description: 'HTTP methods that do not match.' }),
    exceptPaths: list(pathPatternField).meta({ title: 'Except paths', description: 'Paths that do not match.' }),
    exceptPorts: list(portField).meta({ title: 'Except ports', description: 'Ports that do not match.' }),
    exceptHosts: list(hostPattern).meta({ title: 'Except hosts', description: 'Hosts that do not match.' }),
  })
  .refine(saysSomething, 'Say something of the request, or leave it out');

const ATTRIBUTE = String.raw`request\.headers\[[^\][]+\]|request\.auth\.claims(?:\[[^\][]+\])+|request\.auth\.(?:principal|audiences|presenter)|source\.(?:ip|namespace|principal)|remote\.ip|destination\.(?:ip|port)|connection\.sni`;

const condition = z
  .strictObject({
    key: z
      .string()
      .regex(new RegExp(`^(?:${ATTRIBUTE})$`), 'Must be an attribute that Istio knows, as in "request.headers[x-tenant]", "request.auth.claims[groups]" or "source.ip"')
      .meta({ title: 'Attribute', description: 'What to look at.', examples: ['request.headers[x-tenant]', 'connection.sni', 'request.auth.claims[realm][roles]'] }),
    values: list(z.string().min(1)).meta({ title: 'Values', description: 'One of these, with "*" at start or end if need be.' }),
    exceptValues: list(z.string().min(1)).meta({ title: 'Except values', description: 'None of these.' }),
  })
  .refine(({ values, exceptValues }) => values !== undefined || exceptValues !== undefined, 'Name values or except values')
  .refine(hasFittingValues, { path: ['values'], message: 'The values of this attribute must be IP addresses, blocks or ports' });

/** Who may do what: all of its parts must match, and of each part one entry. */
export const authorizationRuleField = z
  .strictObject({
    from: list(source).meta({ title: 'From', description: 'Clients, one of which must match. Within an entry all that it says must.' }),
    to: list(operation).meta({ title: 'To', description: 'Requests, one of which must match. Within an entry all that it says must.' }),
    when: list(condition).meta({ title: 'When', description: 'Conditions, all of which must hold.' }),
  })
  .refine(saysSomething, 'A rule that says nothing matches everything: name clients, requests or conditions');

export type AuthorizationRule = z.output<typeof authorizationRuleField>;

function saysSomething(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.values(fields).some((field) => field !== undefined);
}

/** istiod's webhook refuses the same (pkg/config/security), and Envoy only knows these forms. */
function isMatchable(text: string): boolean {
  const path = withoutReferences(text);
  const segments = path.replace(/^\/+|\/+$/g, '').split('/');
  if (!segments.some((segment) => /[{}]/.test(segment))) return path.indexOf('*') === path.lastIndexOf('*') && (!path.includes('*') || path.startsWith('*') || path.endsWith('*'));
  const rest = segments.indexOf('{**}');
  if (rest !== -1 && segments.slice(rest + 1).some((segment) => segment === '{*}' || segment === '{**}')) return false;
  return segments.every((segment) => segment === '{*}' || segment === '{**}' || /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/.test(segment));
}

function hasFittingValues({ key, values = [], exceptValues = [] }: { key: string; values?: string[] | undefined; exceptValues?: string[] | undefined }): boolean {
  const all = [...values, ...exceptValues];
  if (key.endsWith('.ip')) return all.every((value) => addressBlock.safeParse(value).success);
  if (key === 'destination.port') return all.every((value) => /^\d+$/.test(value) && portField.safeParse(Number(value)).success);
  return true;
}
