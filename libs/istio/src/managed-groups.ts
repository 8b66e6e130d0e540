/** The API groups whose kinds a policy for an Istio mesh may hold. */
export const ISTIO_MANAGED_GROUPS: readonly string[] = [
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
  'extensions.istio.io',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
  'sailoperator.io',
];
