import { HostSet } from '../analysis/host-overlaps.ts';
import type { Service, Workload } from './cluster-contents.ts';
import type { HostReach } from './reach.ts';

type Labels = Readonly<Record<string, string>>;

/** The workloads of a cluster, found without looking at each of them. */
export interface WorkloadIndex {
  withKeys(keys: ReadonlySet<string>): readonly Workload[];
  /** Those that carry all these labels, in one namespace or (null) in all; without labels, every one. Asked alike, it answers the same list. */
  chosenBy(namespace: string | null, labels: Labels): readonly Workload[];
}

export function indexWorkloads(workloads: readonly Workload[]): WorkloadIndex {
  const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace);
  const byLabel = new Map<string, Workload[]>();
  const file = (key: string, workload: Workload): void => {
    const known = byLabel.get(key);
    if (known === undefined) byLabel.set(key, [workload]);
    else known.push(workload);
  };
  for (const workload of workloads) {
    for (const [label, value] of Object.entries(workload.labels)) {
      file(labelKey(null, label, value), workload);
      file(labelKey(workload.namespace, label, value), workload);
    }
  }
  const answers = new Map<string, readonly Workload[]>();
  return {
    withKeys: (keys) => (keys.size === 0 ? [] : workloads.filter(({ key }) => keys.has(key))),
    chosenBy(namespace, labels) {
      const wanted = Object.entries(labels);
      if (wanted.length === 0) return namespace === null ? workloads : (byNamespace.get(namespace) ?? []);
      const asked = JSON.stringify([namespace, wanted]);
      const known = answers.get(asked);
      if (known !== undefined) return known;
      let fewest: readonly Workload[] = byLabel.get(labelKey(namespace, ...(wanted[0] ?? ['', '']))) ?? [];
      for (const [label, value] of wanted.slice(1)) {
        const found = byLabel.get(labelKey(namespace, label, value)) ?? [];
        if (found.length < fewest.length) fewest = found;
      }
      const chosen = wanted.length === 1 ? fewest : fewest.filter((workload) => wanted.every(([label, value]) => workload.labels[label] === value));
      answers.set(asked, chosen);
      return chosen;
    },
  };
}

const labelKey = (namespace: string | null, label: string, value: string): string => `${namespace ?? '*'} ${label}=${value}`;

/** The services of a cluster, found by the hosts that mean them. */
export interface ServiceIndex {
  meantBy(hosts: Iterable<HostReach>): readonly Service[];
}

/** Istio resolves a host without dots in the namespace of the object that names it; others are full names, maybe with a `*` in front. */
export function indexServices(services: readonly Service[]): ServiceIndex {
  return {
    meantBy(hosts) {
      const names = new Set<string>();
      const wildcards = new Set<string>();
      for (const { host, namespace } of hosts) {
        if (host === '*' || host.startsWith('*.')) wildcards.add(host);
        else names.add(host.includes('.') ? host : `${host} ${namespace}`);
      }
      if (names.size === 0 && wildcards.size === 0) return [];
      const covered = new HostSet([...wildcards]);
      return services.filter(({ name, namespace }) => {
        const short = `${name}.${namespace}`;
        const full = `${short}.svc.cluster.local`;
        return names.has(`${name} ${namespace}`) || names.has(full) || names.has(short) || names.has(`${short}.svc`) || covered.covers(full);
      });
    },
  };
}
