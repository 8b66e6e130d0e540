import { callFrom, type RealPod } from '@meshfleet/cluster-real';
import { until } from './until.ts';

/** What a proxy has taken over from istiod. */
export type ConfigSection = 'dynamic_route_configs' | 'dynamic_active_clusters' | 'dynamic_listeners';

const ADMIN = 'http://127.0.0.1:15000';

/** An answer of Envoy's own interface in a pod. */
export async function askProxy(pod: RealPod, path: string, method = 'GET'): Promise<string> {
  return (await callFrom(pod, { url: `${ADMIN}${path}`, method })).body ?? '';
}

/** Names of the clusters that a proxy knows, as `outbound|8080||echo.shop.svc.cluster.local`. */
export async function clustersOf(pod: RealPod): Promise<string[]> {
  const { configs = [] } = await dump(pod, 'dynamic_active_clusters');
  return configs.flatMap(({ cluster }) => cluster?.name ?? []);
}

interface Dump {
  readonly configs?: readonly {
    readonly cluster?: { readonly name: string };
    readonly route_config?: { readonly virtual_hosts?: readonly { readonly name: string }[] };
  }[];
}

async function dump(pod: RealPod, section: ConfigSection): Promise<Dump> {
  const { code, body = '' } = await callFrom(pod, { url: `${ADMIN}/config_dump?resource=${section}` });
  return code === 200 ? (JSON.parse(body) as Dump) : {}; // Envoy's own JSON
}

/**
 * A section of a proxy's configuration as one line of JSON, without white space; empty when there is nothing of it. Of routes
 * and clusters only what belongs to the pod's own namespace: in others something else is proved at the same time.
 */
async function proxyConfig(pod: RealPod, section: ConfigSection): Promise<string> {
  const { configs = [] } = await dump(pod, section);
  const own = (name: string): boolean => name.includes(`.${pod.namespace}.svc`);
  switch (section) {
    case 'dynamic_listeners':
      return JSON.stringify(configs);
    case 'dynamic_active_clusters':
      return JSON.stringify(configs.filter(({ cluster }) => own(cluster?.name ?? '')));
    case 'dynamic_route_configs':
      return JSON.stringify(configs.flatMap(({ route_config }) => (route_config?.virtual_hosts ?? []).filter(({ name }) => own(name))));
  }
}

/** Waits until the proxy has all of the texts in a section of its configuration: what is sent from then on goes by it. */
export async function untilKnown(pod: RealPod, section: ConfigSection, ...texts: readonly string[]): Promise<void> {
  await until(`the proxy of ${pod.name} knows ${texts.join(' and ')}`, async () => {
    const config = await proxyConfig(pod, section);
    return texts.every((text) => config.includes(text));
  });
}

export async function untilForgotten(pod: RealPod, section: ConfigSection, text: string): Promise<void> {
  await until(`the proxy of ${pod.name} has forgotten ${text}`, async () => !(await proxyConfig(pod, section)).includes(text));
}

/** Waits until none of the requests that the proxy has sent to a cluster is without an answer: copies included, whose answers nobody sees. */
export async function untilAnswered(pod: RealPod, cluster: string): Promise<void> {
  await until(`all that the proxy of ${pod.name} has sent to ${cluster} is answered`, async () => {
    const underWay = (await askProxy(pod, '/clusters')).split('\n').filter((line) => line.includes(cluster) && line.includes('::rq_active::'));
    return underWay.length > 0 && underWay.every((line) => line.endsWith('::rq_active::0'));
  });
}

/** How istiod marks what comes of an object. */
export function markOf(kind: 'virtual-service' | 'destination-rule', name: string): string {
  return `/${kind}/${name}"`;
}
