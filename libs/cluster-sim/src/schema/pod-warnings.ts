import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { at, listAt, numberAt, textAt } from '../kinds/field.ts';

/** Where kinds keep the spec of the pods that they make. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** What kube-apiserver warns of in a kind's pods, and `kubectl apply` passes on: ports that two containers claim. Pods are not warned of twice. */
export function podWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const path = POD_SPECS[object.kind];
  if (path === undefined) return [];
  const spec = at(object, ...path);
  const [root = 'spec'] = path;
  if (old !== undefined && isDeepStrictEqual(at(object, root), at(old, root))) return [];
  const ports = portsOf(spec, path.join('.'));
  return [...claimedPorts(ports), ...duplicatePortNames(ports)];
}

interface PlacedPort {
  readonly port: Fields;
  readonly place: string;
}

function portsOf(spec: unknown, path: string): PlacedPort[] {
  return ['initContainers', 'containers'].flatMap((list) =>
    listAt(spec, list).flatMap((container, index) => listAt(container, 'ports').map((port, place) => ({ port, place: `${path}.${list}[${index}].ports[${place}]` }))),
  );
}

function claimedPorts(ports: readonly PlacedPort[]): string[] {
  const claimed = Map.groupBy(ports, ({ port }) => `${numberAt(port, 'containerPort') ?? 0}/${textAt(port, 'protocol') ?? ''}`);
  return ports.flatMap((own) => {
    const rivals = [...claimed.values()].find((all) => all.includes(own)) ?? [];
    return rivals.slice(0, rivals.indexOf(own)).flatMap((other) => {
      const how = rivalry(own.port, other.port);
      return how === undefined ? [] : [`${own.place}: ${how} port definition with ${other.place}`];
    });
  });
}

/** How two claims on one port and protocol stand to each other; undefined when they are of different ports or addresses of the host. */
function rivalry(one: Fields, other: Fields): string | undefined {
  const [hostPort, otherHostPort] = [numberAt(one, 'hostPort') ?? 0, numberAt(other, 'hostPort') ?? 0];
  const [hostIp, otherHostIp] = [textAt(one, 'hostIP') ?? '', textAt(other, 'hostIP') ?? ''];
  if (hostIp === otherHostIp && hostPort === otherHostPort) return 'duplicate';
  if (hostPort === 0 || otherHostPort === 0) return 'overlapping';
  return hostPort === otherHostPort && (hostIp === '') !== (otherHostIp === '') ? 'dangerously ambiguous' : undefined;
}

function duplicatePortNames(ports: readonly PlacedPort[]): string[] {
  const named = new Map<string, string>();
  return ports.flatMap(({ port, place }) => {
    const name = textAt(port, 'name') ?? '';
    if (name === '') return [];
    const first = named.get(name);
    if (first !== undefined) return [`${place}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`];
    named.set(name, place);
    return [];
  });
}
