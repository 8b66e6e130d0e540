import { definePreset, dnsLabelField, hostField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { meshScope, namespacesScope, placesOf } from '../parameters/mesh-scope.ts';
import { peerAuthentications } from './peer-authentication.ts';

const NAME = 'mutual-tls-migration';

export const mutualTlsMigration = definePreset({
  name: NAME,
  title: 'Migration to strict mutual TLS',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description:
    'The way from plaintext to strict mutual TLS in three versions of one policy. OBSERVE takes both and logs who still comes in plaintext. CLIENTS also makes the clients of the mesh insist on mutual TLS, which shows servers that are not ready. STRICT closes the door. Each step back is the version before.',
  notes: [
    'Stay at OBSERVE until the log is empty for as long as your rarest job sleeps. Each line names the address of the client; jobs and pods without a proxy are the usual ones. The metric says the same: istio_requests_total{reporter="destination",connection_security_policy="none"}.',
    'CLIENTS makes calls fail that go from the mesh to servers without proxy within the scope. Name those hosts under plaintextServices; the API server of Kubernetes is one when the target is the mesh, and is named for you.',
    'A DestinationRule for a single host replaces the one written here for its clients; without tls of its own Istio chooses mutual TLS by itself, with mode DISABLE or SIMPLE those clients fail at STRICT.',
    'STRICT keeps the client rules, so that each step changes one thing. Replace the policy with strict-mutual-tls when all is quiet.',
    'A workload with a PeerAuthentication of its own stays as that says.',
    'At CLIENTS and STRICT istioctl analyze warns that the wildcard host matches no service (IST0174): it looks hosts up by their very name. Proxies do match it.',
    'Istio reads one Telemetry without selector in a namespace, the oldest. If there is one already, turn logPlaintext off and add the filter "!connection.mtls" to that. While this one stands, the provider writes no other lines at servers in its scope.',
    'ztunnel writes every connection to its own log and knows nothing of these DestinationRules: in ambient mode OBSERVE and STRICT are all there is.',
    'A connection in use is told to end when this lands. One that carries no call for the whole drain (45 s, `drainDuration`) is cut then, and a call that takes it at that very moment is answered 503 (flag UC). Istio’s own retries do not cover it, nor does `reset-before-request`; those of the preset retries on `reset` do.',
  ],
  parameters: z
    .strictObject({
      target: z.discriminatedUnion('scope', [meshScope, namespacesScope]).meta({ title: 'Where', description: 'The whole mesh, or namespaces.' }),
      stage: z.enum(['OBSERVE', 'CLIENTS', 'STRICT']).default('OBSERVE').meta({ title: 'Stage', description: 'How far the migration is.' }),
      plaintextServices: z
        .array(hostField)
        .default([])
        .refine((hosts) => new Set(hosts).size === hosts.length, 'Name each host once')
        .meta({ title: 'Plaintext services', description: 'Full names of Services in scope without proxy, which clients of the mesh go on calling in plaintext.' }),
      logPlaintext: z.boolean().default(true).meta({ title: 'Log plaintext', description: 'At OBSERVE and CLIENTS: write an access log line for each request or connection that comes without mutual TLS.' }),
      logProvider: z.string().min(1).default('envoy').meta({ title: 'Log provider', description: 'Extension provider of the access log; "envoy" writes to the standard output of the proxy.' }),
      clusterDomain: hostField.default('cluster.local').meta({ title: 'Cluster domain', description: 'Domain of Services in the cluster.' }),
      clientNamespace: dnsLabelField.optional().meta({ title: 'Clients’ namespace', description: 'Only clients of this namespace insist on mutual TLS. If none is named, all clients of the scope’s Services do.' }),
    })
    .refine(({ target, plaintextServices, clusterDomain }) => plaintextServices.every((host) => namespaceOf(host, clusterDomain, target) !== undefined), {
      path: ['plaintextServices'],
      message: 'Write full names of Services in scope, as in "legacy-ftp.shop.svc.cluster.local": others are not touched',
    }),
  example: { target: { scope: 'NAMESPACES', namespaces: ['shop'] }, stage: 'CLIENTS', plaintextServices: ['legacy-ftp.shop.svc.cluster.local'] },
  render: ({ target, stage, plaintextServices, logPlaintext, logProvider, clusterDomain, clientNamespace }) => {
    const servers = peerAuthentications(target, stage === 'STRICT' ? 'STRICT' : 'PERMISSIVE');
    const { namespaces } = placesOf(target);
    const logs = logPlaintext && stage !== 'STRICT' ? namespaces.map((namespace) => plaintextLog(namespace, logProvider)) : [];
    if (stage === 'OBSERVE') return [...servers, ...logs];
    const hosts = target.scope === 'MESH' ? [{ namespace: target.rootNamespace, host: `*.${clusterDomain}` }] : target.namespaces.map((namespace) => ({ namespace, host: `*.${namespace}.svc.${clusterDomain}` }));
    const rules = hosts.map(({ namespace, host }, at) => clientRule(at === 0 || clientNamespace === undefined ? NAME : `${NAME}-${String(at + 1)}`, clientNamespace ?? namespace, host, 'ISTIO_MUTUAL'));
    const plain = target.scope === 'MESH' ? [...new Set([`kubernetes.default.svc.${clusterDomain}`, ...plaintextServices])] : plaintextServices;
    // Beside the rule for all, so that both are found in one place, and the more precise one counts.
    const exceptions = plain.map((host, at) => clientRule(`${NAME}-plaintext-${String(at + 1)}`, clientNamespace ?? namespaceOf(host, clusterDomain, target) ?? '', host, 'DISABLE'));
    return [...servers, ...logs, ...rules, ...exceptions];
  },
});

/** Where the rule for all clients of a Service stands; undefined when the Service is not in scope. */
function namespaceOf(host: string, clusterDomain: string, target: z.output<typeof meshScope> | z.output<typeof namespacesScope>): string | undefined {
  const [, namespace] = host.endsWith(`.svc.${clusterDomain}`) ? host.slice(0, -`.svc.${clusterDomain}`.length).split('.') : [];
  if (namespace === undefined) return undefined;
  if (target.scope === 'MESH') return target.rootNamespace;
  return target.namespaces.includes(namespace) ? namespace : undefined;
}

function clientRule(name: string, namespace: string, host: string, mode: 'ISTIO_MUTUAL' | 'DISABLE'): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name, namespace }, spec: { host, trafficPolicy: { tls: { mode } } } };
}

function plaintextLog(namespace: string, provider: string): KubeObject {
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 'plaintext-clients', namespace },
    spec: { accessLogging: [{ match: { mode: 'SERVER' }, providers: [{ name: provider }], filter: { expression: '!connection.mtls' } }] },
  };
}
