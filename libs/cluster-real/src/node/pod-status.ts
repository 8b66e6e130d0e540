import type { Pod } from './pod.ts';

export interface ContainerState {
  readonly ready: boolean;
  readonly restarts: number;
}

/** The status that a node writes for a pod that runs. */
export function podStatus(pod: Pod, address: string, hostAddress: string, states: ReadonlyMap<string, ContainerState>, startedAt: Date): object {
  const started = startedAt.toISOString();
  const init = pod.spec.initContainers ?? [];
  const sidecars = init.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ready = [...sidecars, ...pod.spec.containers].every(({ name }) => states.get(name)?.ready === true);
  const containerStatus = ({ name, image }: { name: string; image: string }): object => ({
    name,
    image,
    imageID: image,
    containerID: `real://${pod.metadata.uid}/${name}`,
    ready: states.get(name)?.ready === true,
    started: true,
    restartCount: states.get(name)?.restarts ?? 0,
    state: { running: { startedAt: started } },
  });
  const condition = (type: string, holds: boolean): object => ({ type, status: holds ? 'True' : 'False', lastTransitionTime: started });
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    startTime: started,
    conditions: [condition('PodScheduled', true), condition('PodReadyToStartContainers', true), condition('Initialized', true), condition('ContainersReady', ready), condition('Ready', ready)],
    containerStatuses: pod.spec.containers.map(containerStatus),
    initContainerStatuses: init.map((container) =>
      sidecars.includes(container)
        ? containerStatus(container)
        : { ...containerStatus(container), ready: true, state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: started, finishedAt: started } } },
    ),
  };
}
