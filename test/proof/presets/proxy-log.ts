import type { RealPod } from '@meshfleet/cluster-real';
import { existsSync, readFileSync } from 'node:fs';

/** What the proxy of a pod has written so far: access log and its own messages. */
export function linesOf(pod: RealPod): string[] {
  const file = pod.logFile('istio-proxy');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}
