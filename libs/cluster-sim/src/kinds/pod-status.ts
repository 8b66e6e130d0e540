import type { KubeObject } from '@meshfleet/model';
import { at, listAt, numberAt, textAt } from './field.ts';

/** `ready/total` containers of a pod; restartable init containers (native sidecars) count too. */
export function podReady(pod: KubeObject): string {
  const sidecars = new Set(listAt(pod, 'spec', 'initContainers').filter((container) => container['restartPolicy'] === 'Always').map((container) => container['name']));
  const total = listAt(pod, 'spec', 'containers').length + sidecars.size;
  const ready =
    listAt(pod, 'status', 'containerStatuses').filter((status) => status['ready'] === true && at(status, 'state', 'running') !== undefined).length +
    listAt(pod, 'status', 'initContainerStatuses').filter((status) => sidecars.has(status['name']) && status['ready'] === true).length;
  return `${ready}/${total}`;
}

/** The STATUS column of `kubectl get pods`: what is furthest from well wins. */
export function podStatus(pod: KubeObject): string {
  let status = textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Unknown';
  for (const container of listAt(pod, 'status', 'containerStatuses').toReversed()) {
    status = textAt(container, 'state', 'waiting', 'reason') || textAt(container, 'state', 'terminated', 'reason') || status;
  }
  if (pod.metadata.deletionTimestamp !== undefined) return textAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
  return status;
}

export function podRestarts(pod: KubeObject): string {
  return String(listAt(pod, 'status', 'containerStatuses').reduce((sum, container) => sum + (numberAt(container, 'restartCount') ?? 0), 0));
}
