/** The API groups whose kinds a policy for a Linkerd mesh may hold. Links belong to federation, not to policies. */
export const LINKERD_MANAGED_GROUPS: readonly string[] = ['policy.linkerd.io', 'linkerd.io', 'workload.linkerd.io', 'gateway.networking.k8s.io'];
