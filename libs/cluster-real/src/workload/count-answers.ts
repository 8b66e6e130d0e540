import type { CallAnswer, TrafficCounts } from './calls.ts';

export function noAnswers(): TrafficCounts {
  return { sent: 0, answered: 0, byCode: {}, byVersion: {}, byCluster: {}, byError: {}, byProxyError: {} };
}

export function countAnswer(counts: TrafficCounts, { code, version, pod, cluster, error, body }: CallAnswer): void {
  const add = (map: Record<string, number>, key = ''): void => {
    if (key !== '') map[key] = (map[key] ?? 0) + 1;
  };
  counts.answered += code === undefined ? 0 : 1;
  add(counts.byCode, code?.toString());
  add(counts.byVersion, version);
  add(counts.byCluster, cluster);
  add(counts.byError, error);
  if (code !== undefined && code >= 500 && pod === '') add(counts.byProxyError, body);
}
