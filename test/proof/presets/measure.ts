import { callFrom, countAnswer, noAnswers, sendTraffic, type RealPod, type TrafficCounts, type TrafficSpec } from '@meshfleet/cluster-real';
import { binomialBounds, within } from '../binomial.ts';
import type { ProofRow } from '../proof.ts';

export const CALLS = 400;
const PER_SECOND = 200;

export function send(pod: RealPod, spec: Partial<TrafficSpec> & { readonly url: string }): Promise<TrafficCounts> {
  return sendTraffic(pod, { perSecond: PER_SECOND, ...spec, total: spec.total ?? CALLS });
}

/** Each call when the one before was answered: what depends on how many are under way then does not depend on how busy the machine is. */
export async function sendOneByOne(pod: RealPod, url: string, total: number): Promise<TrafficCounts> {
  const counts = noAnswers();
  for (counts.sent = 0; counts.sent < total; counts.sent += 1) countAnswer(counts, await callFrom(pod, { url }));
  return counts;
}

/** All of them got this answer; where not, with what proxies said of those that they failed. */
export function allOf(what: string, counts: TrafficCounts, code: number, version?: string): ProofRow {
  const right = version === undefined ? (counts.byCode[code] ?? 0) : Math.min(counts.byCode[code] ?? 0, counts.byVersion[version] ?? 0);
  const passed = right === counts.sent;
  const reasons = passed ? [] : Object.entries(counts.byProxyError).map(([reason, count]) => `${count} × “${reason}”`);
  return { sent: `${counts.sent} ${what}`, expected: `all ${version === undefined ? '' : `${version}, `}${code}`, seen: [seenOf(counts), ...reasons].join('; '), passed };
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
