/** Labels that a workload must have, in one namespace or (null) in all. */
export interface WorkloadReach {
  readonly namespace: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Services by host as Istio resolves it: `checkout`, `checkout.shop.svc.cluster.local`, `*.shop.svc.cluster.local`. */
export interface HostReach {
  readonly host: string;
  readonly namespace: string;
}

/** Whom a mesh object concerns, as the object itself says it: before anything is looked up in a cluster. */
export interface Reach {
  readonly workloads: readonly WorkloadReach[];
  /** One workload by name: `Deployment.apps/shop/checkout`. */
  readonly workloadKeys: readonly string[];
  readonly hosts: readonly HostReach[];
  /** Objects whom it concerns as well whomever they concern, by key: the Gateway of a route, the Server of an authorization. */
  readonly through: readonly string[];
}

export const NOBODY: Reach = { workloads: [], workloadKeys: [], hosts: [], through: [] };

export function both(a: Reach, b: Reach): Reach {
  return { workloads: [...a.workloads, ...b.workloads], workloadKeys: [...a.workloadKeys, ...b.workloadKeys], hosts: [...a.hosts, ...b.hosts], through: [...a.through, ...b.through] };
}

export const everyPodIn = (namespace: string | null): Reach => ({ ...NOBODY, workloads: [{ namespace, labels: {} }] });
