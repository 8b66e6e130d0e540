import type { Discovery, Resource } from '@meshfleet/kube';
import { isMetadataKind } from '@meshfleet/model';

/** API groups of service meshes: what policies are made of, and what the inventory shows of a cluster's mesh. Must agree with the ClusterRole in deploy/agent. */
export const MESH_KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['networking.istio.io', ['DestinationRule', 'EnvoyFilter', 'Gateway', 'ProxyConfig', 'ServiceEntry', 'Sidecar', 'VirtualService', 'WorkloadEntry', 'WorkloadGroup']],
  ['security.istio.io', ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']],
  ['telemetry.istio.io', ['Telemetry']],
  ['extensions.istio.io', ['WasmPlugin']],
  ['gateway.networking.k8s.io', ['BackendTLSPolicy', 'GatewayClass', 'Gateway', 'GRPCRoute', 'HTTPRoute', 'ReferenceGrant', 'TCPRoute', 'TLSRoute', 'UDPRoute']],
  ['gateway.networking.x-k8s.io', ['XBackendTrafficPolicy', 'XListenerSet', 'XMesh']],
  ['sailoperator.io', ['Istio', 'IstioCNI', 'IstioRevision', 'IstioRevisionTag', 'ZTunnel']],
  ['policy.linkerd.io', ['AuthorizationPolicy', 'EgressNetwork', 'HTTPLocalRateLimitPolicy', 'HTTPRoute', 'MeshTLSAuthentication', 'NetworkAuthentication', 'Server', 'ServerAuthorization']],
  ['linkerd.io', ['ServiceProfile']],
  ['workload.linkerd.io', ['ExternalWorkload']],
]);

/** Kinds that policies may hold: mesh kinds as a whole, and what is labelled. Of nothing else the hub is told anything. */
export const isManagedKind = (group: string, kind: string): boolean => MESH_KINDS.get(group)?.includes(kind) === true || isMetadataKind(group, kind);

/** The kinds of service meshes that this cluster serves, each once, in the version that the server prefers. */
export function servedMeshKinds(discovery: Discovery): Resource[] {
  const found: Resource[] = [];
  for (const [group, kinds] of MESH_KINDS) {
    for (const kind of kinds) {
      const resource = discovery.preferred(group, kind);
      if (resource !== undefined) found.push(resource);
    }
  }
  return found;
}

/** `networking.istio.io/v1/VirtualService`, every served version of the groups that matter. */
export function servedKindNames(discovery: Discovery): string[] {
  return discovery
    .all()
    .filter((resource) => MESH_KINDS.get(resource.group)?.includes(resource.kind) === true)
    .map((resource) => `${resource.group}/${resource.version}/${resource.kind}`)
    .sort();
}
