import type { BedNetwork, PodNamespace } from '../network/bed-network.ts';
import { runCommand } from '../network/run-command.ts';
import type { ApiClient } from './api-client.ts';
import type { RealPod } from './run-pod.ts';
import { BALANCER_CHAIN, hostsFile, SERVICE_CHAIN, serviceRules, serviceTable, type EndpointSlice, type Service, type ServiceEntry } from './service-table.ts';

/** Names, addresses of Services and of load balancers for the pods of one cluster: its DNS, kube-proxy and cloud. */
export interface ServiceNetwork {
  /** Gives a pod that starts what the others have; after Istio's redirection, which must come first. */
  connect(namespace: PodNamespace): Promise<void>;
  /** Reads the Services, gives addresses to load balancers, and brings every pod's namespace up to date. */
  sync(pods: readonly RealPod[]): Promise<void>;
  /** Has pods find the world outside: names as its DNS would tell them, with their addresses. Taken at the next sync. */
  publish(names: Readonly<Record<string, string>>): void;
  /** Of a namespace that is gone: the next one may have its name. */
  forget(namespace: PodNamespace): void;
}

export function createServiceNetwork(api: ApiClient, network: BedNetwork): ServiceNetwork {
  const applied = new Map<string, string>();
  const holders = new Map<string, RealPod>();
  const outside = new Map<string, string>();
  let table: ServiceEntry[] = [];
  const bring = async (namespace: PodNamespace, ownBalancers: ReadonlySet<string>): Promise<void> => {
    const hosts = hostsFile(table, outside);
    const rules = serviceRules(table, ownBalancers);
    const before = applied.get(namespace.name);
    if (before === hosts + rules) return;
    namespace.setHosts(hosts);
    await applyRules(namespace.name, rules, before === undefined);
    applied.set(namespace.name, hosts + rules);
  };
  return {
    connect: (namespace) => bring(namespace, new Set()),
    sync: async (pods) => {
      const [services, slices] = await Promise.all([
        api.get<{ items: Service[] }>('/api/v1/services'),
        api.get<{ items: EndpointSlice[] }>('/apis/discovery.k8s.io/v1/endpointslices'),
      ]);
      table = serviceTable(services.items, slices.items);
      for (const entry of table) if (entry.type === 'LoadBalancer' && entry.loadBalancer === undefined) await giveAddress(api, network, entry);
      await moveBalancers(table, pods, holders);
      for (const pod of pods) await bring(pod.network, new Set([...holders].filter(([, holder]) => holder === pod).map(([address]) => address)));
    },
    publish: (names) => {
      for (const [name, address] of Object.entries(names)) outside.set(name, address);
    },
    forget: (namespace) => void applied.delete(namespace.name),
  };
}

async function giveAddress(api: ApiClient, network: BedNetwork, { namespace, name }: ServiceEntry): Promise<void> {
  const status = { loadBalancer: { ingress: [{ ip: network.takeBalancerAddress(), ipMode: 'VIP' }] } };
  await api.patch(`/api/v1/namespaces/${namespace}/services/${name}/status`, { status });
}

/** The address of a load balancer lies on one of the ready pods behind it, and moves when that one goes. */
async function moveBalancers(table: readonly ServiceEntry[], pods: readonly RealPod[], holders: Map<string, RealPod>): Promise<void> {
  for (const { loadBalancer, ports } of table) {
    if (loadBalancer === undefined) continue;
    const ready = new Set(ports.flatMap(({ targets }) => targets.map(({ address }) => address)));
    const candidates = pods.filter((pod) => ready.has(pod.network.address));
    const holder = holders.get(loadBalancer);
    if (holder !== undefined && candidates.includes(holder)) continue;
    if (holder !== undefined && pods.includes(holder)) await holder.network.removeAddress(loadBalancer);
    holders.delete(loadBalancer);
    const [next] = candidates;
    if (next === undefined) continue;
    await next.network.addAddress(loadBalancer);
    holders.set(loadBalancer, next);
  }
}

/** Istio's own redirection stays before ours: what it does not take comes here, as it would come to a node's kube-proxy. */
async function applyRules(namespace: string, rules: string, isFirst: boolean): Promise<void> {
  const inside = ['netns', 'exec', namespace];
  await runCommand('ip', [...inside, 'iptables-restore', '--noflush'], rules);
  if (!isFirst) return;
  const jumps = `*nat\n-A OUTPUT -p tcp -j ${SERVICE_CHAIN}\n-A PREROUTING -p tcp -j ${BALANCER_CHAIN}\nCOMMIT\n`;
  await runCommand('ip', [...inside, 'iptables-restore', '--noflush'], jumps);
}
