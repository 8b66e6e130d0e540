import type { RealPod } from '@meshfleet/cluster-real';

/** Where every proxy of Istio shows its statistics to whoever asks, whatever policies say. */
const METRICS_PORT = 15090;

/** Lines of a proxy's statistics in Prometheus' format, of those whose names in Envoy match a regular expression. */
export async function statisticsOf(pod: RealPod, filter: string): Promise<string[]> {
  const response = await fetch(`http://${pod.network.address}:${METRICS_PORT}/stats/prometheus?filter=${encodeURIComponent(filter)}`, { signal: AbortSignal.timeout(5_000) });
  return (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Sum of what lines count. */
export function sumOf(lines: readonly string[]): number {
  return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Listeners, and filter chains of listeners, that a proxy has replaced and whose connections it has not closed yet. */
export async function drainingOf(pod: RealPod): Promise<number> {
  return sumOf(await statisticsOf(pod, '^listener_manager\\.total_(listeners|filter_chains)_draining$'));
}
