import { gatewayApiKinds, istioKinds, sailKinds } from '@meshfleet/istio';
import { linkerdKinds } from '@meshfleet/linkerd';
import type { KubeObject } from '@meshfleet/model';
import { MESH_KINDS } from '../../../apps/agent/src/observe/watched-kinds.ts';

const TARGET = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'one' };
const SERVER = { group: 'policy.linkerd.io', kind: 'Server', name: 'one' };
const BACKENDS = { rules: [{ backendRefs: [{ name: 'catalog', port: 80 }] }] };
const LISTENERS = [{ name: 'http', port: 80, protocol: 'HTTP' }];

/** What a kind cannot be without; every other kind takes an empty spec. */
const SPECS: Readonly<Record<string, object>> = {
  'extensions.istio.io/WasmPlugin': { url: 'oci://registry.example.com/filter:1' },
  'networking.istio.io/DestinationRule': { host: 'catalog' },
  'networking.istio.io/ServiceEntry': { hosts: ['api.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' },
  'networking.istio.io/VirtualService': { hosts: ['one'], http: [{ route: [{ destination: { host: 'one' } }] }] },
  'networking.istio.io/WorkloadEntry': { address: '10.0.0.1' },
  'networking.istio.io/WorkloadGroup': { template: { serviceAccount: 'default' } },
  'gateway.networking.k8s.io/BackendTLSPolicy': { targetRefs: [{ group: '', kind: 'Service', name: 'catalog' }], validation: { hostname: 'catalog.example.com', wellKnownCACertificates: 'System' } },
  'gateway.networking.k8s.io/Gateway': { gatewayClassName: 'istio', listeners: LISTENERS },
  'gateway.networking.k8s.io/GatewayClass': { controllerName: 'example.com/controller' },
  'gateway.networking.k8s.io/ReferenceGrant': { from: [{ group: TARGET.group, kind: 'HTTPRoute', namespace: 'other' }], to: [{ group: '', kind: 'Service' }] },
  'gateway.networking.k8s.io/TCPRoute': BACKENDS,
  'gateway.networking.k8s.io/TLSRoute': { hostnames: ['catalog.example.com'], ...BACKENDS },
  'gateway.networking.k8s.io/UDPRoute': BACKENDS,
  'gateway.networking.x-k8s.io/XBackendTrafficPolicy': { targetRefs: [{ group: '', kind: 'Service', name: 'catalog' }] },
  'gateway.networking.x-k8s.io/XListenerSet': { parentRef: TARGET, listeners: LISTENERS },
  'gateway.networking.x-k8s.io/XMesh': { controllerName: 'example.com/controller' },
  'sailoperator.io/IstioRevision': { namespace: 'istio-system', version: 'v1.29.1', values: { revision: 'one', global: { istioNamespace: 'istio-system' } } },
  'sailoperator.io/IstioRevisionTag': { targetRef: { kind: 'Istio', name: 'one' } },
  'linkerd.io/ServiceProfile': { routes: [] },
  'policy.linkerd.io/AuthorizationPolicy': { targetRef: SERVER, requiredAuthenticationRefs: [] },
  'policy.linkerd.io/EgressNetwork': { trafficPolicy: 'Allow' },
  'policy.linkerd.io/HTTPLocalRateLimitPolicy': { targetRef: SERVER },
  'policy.linkerd.io/MeshTLSAuthentication': { identities: ['*'] },
  'policy.linkerd.io/NetworkAuthentication': { networks: [{ cidr: '10.0.0.0/8' }] },
  'policy.linkerd.io/Server': { podSelector: { matchLabels: { app: 'catalog' } }, port: 80 },
  'policy.linkerd.io/ServerAuthorization': { server: { name: 'one' }, client: { unauthenticated: true } },
  'workload.linkerd.io/ExternalWorkload': { meshTls: { identity: 'one', serverName: 'one.example.com' } },
};
const WORKLOADS = ['DaemonSet', 'Deployment', 'StatefulSet'];
/** Kinds of which a cluster has one. */
const SINGLETONS = new Set(['IstioCNI', 'ZTunnel']);

/** A label for one object of each kind that the agent labels and annotates. */
export function labelOfEachKind(): KubeObject[] {
  const labels = { 'meshfleet.io/test': 'one' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'owned', namespace: 'shop', labels } },
    ...WORKLOADS.map((kind) => ({ apiVersion: 'apps/v1', kind, metadata: { name: 'owned', namespace: 'shop', labels } })),
  ];
}

/** The objects that {@link labelOfEachKind} labels, as their owner makes them. */
export function ownedObjects(): KubeObject[] {
  const labels = { app: 'owned' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }] } };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'owned', namespace: 'shop' }, spec: { selector: labels, ports: [{ port: 80 }] } },
    ...WORKLOADS.map((kind) => ({ apiVersion: 'apps/v1', kind, metadata: { name: 'owned', namespace: 'shop' }, spec: { selector: { matchLabels: labels }, template, ...(kind === 'StatefulSet' ? { serviceName: 'owned' } : {}) } })),
  ];
}

/** One object of each kind that the agent manages. */
export function oneOfEachKind(): KubeObject[] {
  const kinds = [...istioKinds(), ...gatewayApiKinds('experimental'), ...sailKinds(), ...linkerdKinds()];
  return kinds
    .filter(({ group, kind }) => MESH_KINDS.get(group)?.includes(kind) === true)
    .map(({ group, kind, scope, versions }) => ({
      apiVersion: `${group}/${versions[0]?.name ?? ''}`,
      kind,
      metadata: { name: SINGLETONS.has(kind) ? 'default' : 'one', ...(scope === 'Namespaced' ? { namespace: 'shop' } : {}) },
      spec: SPECS[`${group}/${kind}`] ?? {},
    }));
}
