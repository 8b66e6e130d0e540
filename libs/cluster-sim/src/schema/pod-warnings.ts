import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
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
  return [...duplicatePorts(spec, path.join('.')), ...duplicatePortNames(spec, path.join('.'))];
}

function duplicatePorts(spec: unknown, path: string): string[] {
  const warnings: string[] = [];
  const claimed = new Map<string, string>();
  for (const list of ['initContainers', 'containers']) {
    listAt(spec, list).forEach((container, index) => {
      listAt(container, 'ports').forEach((port, place) => {
        const here = `${path}.${list}[${index}].ports[${place}]`;
        const claim = `${numberAt(port, 'containerPort') ?? 0}/${textAt(port, 'protocol') ?? ''}/${numberAt(port, 'hostPort') ?? 0}`;
        const first = claimed.get(claim);
        if (first === undefined) claimed.set(claim, here);
        else warnings.push(`${here}: duplicate port definition with ${first}`);
      });
    });
  }
  return warnings;
}

function duplicatePortNames(spec: unknown, path: string): string[] {
  const warnings: string[] = [];
  const named = new Map<string, string>();
  listAt(spec, 'containers').forEach((container, index) => {
    listAt(container, 'ports').forEach((port, place) => {
      const name = textAt(port, 'name') ?? '';
      const here = `${path}.containers[${index}].ports[${place}]`;
      const first = named.get(name);
      if (name === '') return;
      if (first === undefined) named.set(name, here);
      else warnings.push(`${here}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`);
    });
  });
  return warnings;
}
