import { callFrom, sendTraffic, type RealPod, type TrafficCounts, type TrafficSpec } from '@meshfleet/cluster-real';
import { binomialBounds, within } from '../binomial.ts';
import type { ProofRow } from '../proof.ts';

export const CALLS = 400;
const PER_SECOND = 200;

export function send(pod: RealPod, spec: Partial<TrafficSpec> & { readonly url: string }): Promise<TrafficCounts> {
  return sendTraffic(pod, { perSecond: PER_SECOND, ...spec, total: spec.total ?? CALLS });
}

/** Each call when the one before was answered: what depends on how many are under way then does not depend on how busy the machine is. */
export async function sendOneByOne(pod: RealPod, url: string, total: number): Promise<TrafficCounts> {
  const counts: TrafficCounts = { sent: total, answered: 0, byCode: {}, byVersion: {}, byCluster: {}, byError: {} };
  const add = (map: Record<string, number>, key: string): void => {
    map[key] = (map[key] ?? 0) + 1;
  };
  for (let call = 0; call < total; call += 1) {
    const { code, version = '', cluster = '', error } = await callFrom(pod, { url });
    if (code === undefined) add(counts.byError, error ?? 'unknown');
    else {
      counts.answered += 1;
      add(counts.byCode, String(code));
      if (version !== '') add(counts.byVersion, version);
      if (cluster !== '') add(counts.byCluster, cluster);
    }
  }
  return counts;
}

/** All of them got this answer. */
export function allOf(what: string, counts: TrafficCounts, code: number, version?: string): ProofRow {
  const right = version === undefined ? (counts.byCode[code] ?? 0) : Math.min(counts.byCode[code] ?? 0, counts.byVersion[version] ?? 0);
  return { sent: `${counts.sent} ${what}`, expected: `all ${version === undefined ? '' : `${version}, `}${code}`, seen: seenOf(counts), passed: right === counts.sent };
}

/** A share of what was sent, as chance would have it. */
export function shareOf(what: string, sent: number, share: number, name: string, seen: number, besides = ''): ProofRow {
  const bounds = binomialBounds(sent, share);
  return { sent: `${sent} ${what}`, expected: `${name} ${bounds.low} to ${bounds.high} times${besides}`, seen: `${name} ${seen} times`, passed: within(bounds, seen) };
}

/** Codes and, where there are several, versions. */
export function seenOf(counts: TrafficCounts): string {
  const codes = [...Object.entries(counts.byCode), ...Object.entries(counts.byError)].map(([code, count]) => `${count} × ${code}`);
  const versions = Object.entries(counts.byVersion).map(([version, count]) => `${version} ${count}`);
  return [codes.join(', ') || 'nothing', ...(versions.length > 1 ? [versions.join(', ')] : versions)].join('; ');
}
