import type { KubeObject } from '@meshfleet/model';
import { SCHEDULER } from '../auth/pod-subresources.ts';
import type { Fields } from '../kinds/field.ts';
import { listAt, mapAt, textAt } from '../kinds/field.ts';
import type { Condition, Controller, ControllerContext } from './context.ts';
import { controllerOf, infoOf, isKind, keyOf, mergeConditions, nowText, splitKey, writeStatus } from './context.ts';
import { chooseNode } from './pod-placement.ts';

/** The scheduler and every kubelet in one: a pod gets a node, an address and, at once, the state of one that runs well. */
export function podLifecycleController(context: ControllerContext): Controller {
  const pods = infoOf(context, '', 'pods');
  const nodes = infoOf(context, '', 'nodes');
  const load = new Map<string, number>();
  const usedAddresses = new Set<string>();
  let nextAddress = 0;
  for (const pod of context.store.list(pods)) claim(pod);

  return {
    name: 'pod',
    keysOf(event) {
      if (isKind(event, '', 'nodes') && event.type === 'ADDED') return context.store.list(pods).filter((pod) => nodeOf(pod) === '').map(keyOf);
      if (!isKind(event, '', 'pods')) return [];
      const node = nodeOf(event.object);
      if (event.type !== 'DELETED' && node !== '' && (event.old === undefined || nodeOf(event.old) === '')) load.set(node, (load.get(node) ?? 0) + 1);
      if (event.type === 'DELETED') release(event.object);
      return event.type === 'DELETED' ? [] : [keyOf(event.object)];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const pod = context.store.get(pods, namespace, name);
      if (pod === undefined) return;
      if (pod.metadata.deletionTimestamp !== undefined) return context.store.write.delete(pods, namespace, name, { gracePeriodSeconds: 0 });
      if (nodeOf(pod) === '') return schedule(pod);
      if ((textAt(pod, 'status', 'phase') ?? 'Pending') === 'Pending') run(pod);
    },
  };

  function schedule(pod: KubeObject): void {
    const scheduler = textAt(pod, 'spec', 'schedulerName') ?? 'default-scheduler';
    if (scheduler !== 'default-scheduler' || listAt(pod, 'spec', 'schedulingGates').length > 0) return;
    const all = context.store.list(nodes);
    const node = chooseNode(pod, all, load);
    if (node === undefined) {
      const message = `0/${all.length} nodes are available${all.length === 0 ? '' : ": node(s) didn't match Pod's node affinity/selector"}.`;
      const conditions = mergeConditions(listAt(pod, 'status', 'conditions'), [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }], nowText(context));
      writeStatus(context, pods, pod, { ...mapAt(pod, 'status'), phase: 'Pending', conditions });
      return;
    }
    context.store.write.update(pods, { ...pod, spec: { ...mapAt(pod, 'spec'), nodeName: node } }, { user: SCHEDULER, manager: 'kube-scheduler' });
  }

  function run(pod: KubeObject): void {
    const node = context.store.get(nodes, undefined, nodeOf(pod));
    if (node === undefined) return;
    const hostIp = textAt(listAt(node, 'status', 'addresses').find((address) => address['type'] === 'InternalIP'), 'address') ?? '';
    const podIp = mapAt(pod, 'spec')['hostNetwork'] === true ? hostIp : freeAddress();
    const now = nowText(context);
    const finite = finishesAtOnce(pod);
    const conditions: Condition[] = [
      { type: 'PodReadyToStartContainers', status: finite ? 'False' : 'True' },
      { type: 'Initialized', status: 'True', ...(finite ? { reason: 'PodCompleted' } : {}) },
      { type: 'Ready', status: finite ? 'False' : 'True', ...(finite ? { reason: 'PodCompleted' } : {}) },
      { type: 'ContainersReady', status: finite ? 'False' : 'True', ...(finite ? { reason: 'PodCompleted' } : {}) },
      { type: 'PodScheduled', status: 'True' },
    ];
    const initial = listAt(pod, 'spec', 'initContainers');
    writeStatus(context, pods, pod, {
      phase: finite ? 'Succeeded' : 'Running',
      conditions: mergeConditions(listAt(pod, 'status', 'conditions'), conditions, now),
      hostIP: hostIp,
      hostIPs: [{ ip: hostIp }],
      podIP: podIp,
      podIPs: [{ ip: podIp }],
      startTime: now,
      ...(initial.length === 0 ? {} : { initContainerStatuses: initial.map((container) => containerStatus(container, now, container['restartPolicy'] !== 'Always')) }),
      containerStatuses: listAt(pod, 'spec', 'containers').map((container) => containerStatus(container, now, finite)),
      qosClass: qosClass(pod),
    });
  }

  function freeAddress(): string {
    let address = context.addresses.podAddress(nextAddress++);
    while (usedAddresses.has(address)) address = context.addresses.podAddress(nextAddress++);
    usedAddresses.add(address);
    return address;
  }

  function claim(pod: KubeObject): void {
    const node = nodeOf(pod);
    if (node !== '') load.set(node, (load.get(node) ?? 0) + 1);
    const address = textAt(pod, 'status', 'podIP');
    if (address !== undefined) usedAddresses.add(address);
  }

  function release(pod: KubeObject): void {
    const node = nodeOf(pod);
    if (node !== '') load.set(node, Math.max(0, (load.get(node) ?? 0) - 1));
    usedAddresses.delete(textAt(pod, 'status', 'podIP') ?? '');
    // Addresses are handed out in turn; a small cluster starts over only once its range has been through.
    if (nextAddress > 60_000) nextAddress = 0;
  }
}

const nodeOf = (pod: KubeObject): string => textAt(pod, 'spec', 'nodeName') ?? '';

/** Pods of Jobs, and bare pods that may not restart. */
function finishesAtOnce(pod: KubeObject): boolean {
  const policy = textAt(pod, 'spec', 'restartPolicy') ?? 'Always';
  return policy !== 'Always' && controllerOf(pod)?.kind === 'Job';
}

function containerStatus(container: Fields, now: string, terminated: boolean): Record<string, unknown> {
  const image = textAt(container, 'image') ?? '';
  return {
    name: textAt(container, 'name') ?? '',
    image,
    imageID: '',
    restartCount: 0,
    ready: !terminated,
    started: !terminated,
    state: terminated ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } } : { running: { startedAt: now } },
    lastState: {},
  };
}

export function qosClass(pod: KubeObject): string {
  const containers = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')];
  const stated = containers.filter((container) => Object.keys({ ...mapAt(container, 'resources', 'requests'), ...mapAt(container, 'resources', 'limits') }).length > 0);
  if (stated.length === 0) return 'BestEffort';
  const guaranteed = containers.every((container) => {
    const limits = mapAt(container, 'resources', 'limits');
    const requests = { ...limits, ...mapAt(container, 'resources', 'requests') };
    return ['cpu', 'memory'].every((resource) => limits[resource] !== undefined && requests[resource] === limits[resource]);
  });
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
