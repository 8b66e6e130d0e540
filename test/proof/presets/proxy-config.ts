import { callFrom, type RealPod } from '@meshfleet/cluster-real';
import { until } from './until.ts';

/** What a proxy has taken over from istiod. */
export type ConfigSection = 'dynamic_route_configs' | 'dynamic_active_clusters' | 'dynamic_listeners';

const ADMIN = 'http://127.0.0.1:15000';

/** A section of a proxy's configuration as one line of JSON, without white space; empty when there is nothing of it. */
async function proxyConfig(pod: RealPod, section: ConfigSection): Promise<string> {
  const { code, body = '' } = await callFrom(pod, { url: `${ADMIN}/config_dump?resource=${section}` });
  return code === 200 ? JSON.stringify(JSON.parse(body)) : '';
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

/** How istiod marks what comes of an object. */
export function markOf(kind: 'virtual-service' | 'destination-rule', name: string): string {
  return `/${kind}/${name}"`;
}
