/** A kind as object keys name it: `VirtualService.networking.istio.io`, `Service`. */
export type KindName = string;

/** The kinds that rules read. */
export const KIND = {
  Namespace: 'Namespace',
  Service: 'Service',
  Pod: 'Pod',
  Deployment: 'Deployment.apps',
  StatefulSet: 'StatefulSet.apps',
  DaemonSet: 'DaemonSet.apps',
  DestinationRule: 'DestinationRule.networking.istio.io',
  EnvoyFilter: 'EnvoyFilter.networking.istio.io',
  Gateway: 'Gateway.networking.istio.io',
  ServiceEntry: 'ServiceEntry.networking.istio.io',
  Sidecar: 'Sidecar.networking.istio.io',
  VirtualService: 'VirtualService.networking.istio.io',
  WorkloadEntry: 'WorkloadEntry.networking.istio.io',
  AuthorizationPolicy: 'AuthorizationPolicy.security.istio.io',
  PeerAuthentication: 'PeerAuthentication.security.istio.io',
  RequestAuthentication: 'RequestAuthentication.security.istio.io',
  Telemetry: 'Telemetry.telemetry.istio.io',
  WasmPlugin: 'WasmPlugin.extensions.istio.io',
  KubeGateway: 'Gateway.gateway.networking.k8s.io',
  HTTPRoute: 'HTTPRoute.gateway.networking.k8s.io',
  GRPCRoute: 'GRPCRoute.gateway.networking.k8s.io',
  SailIstio: 'Istio.sailoperator.io',
} as const satisfies Record<string, KindName>;

/** What runs pods, and pods themselves where somebody lists them. */
export const WORKLOAD_KINDS: readonly KindName[] = [KIND.Deployment, KIND.StatefulSet, KIND.DaemonSet, KIND.Pod];
