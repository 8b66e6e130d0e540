import type { KubeObject } from '@meshfleet/model';
import { at, isRecord, listAt, mapAt, numberAt } from '../kinds/field.ts';
import type { Controller, ControllerContext } from './context.ts';
import { controlledBy, controllerKey, infoOf, isKind, keyOf, splitKey, writeStatus } from './context.ts';
import { isActive, isReady, podFromTemplate } from './pod-template.ts';

/** ReplicaSet to pods: as many active pods as wanted; unready ones go first when there are too many. */
export function replicaSetController(context: ControllerContext): Controller {
  const replicaSets = infoOf(context, 'apps', 'replicasets');
  const pods = infoOf(context, '', 'pods');
  return {
    name: 'replicaset',
    keysOf(event) {
      if (isKind(event, 'apps', 'replicasets')) return [keyOf(event.object)];
      const owner = isKind(event, '', 'pods') ? controllerKey(event.object, 'ReplicaSet') : undefined;
      return owner === undefined ? [] : [owner];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const set = context.store.get(replicaSets, namespace, name);
      if (set === undefined) return;
      const wanted = numberAt(set, 'spec', 'replicas') ?? 1;
      if (set.metadata.deletionTimestamp === undefined) scale(context, set, wanted);
      const owned = context.owners.objectsOf(set.metadata.uid ?? '', pods.plural).filter(isActive);
      const ready = owned.filter(isReady).length;
      writeStatus(context, replicaSets, set, {
        replicas: owned.length,
        ...(owned.length === 0 ? {} : { fullyLabeledReplicas: owned.length }),
        ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
        observedGeneration: set.metadata.generation ?? 1,
      });
    },
  };

  function scale(context: ControllerContext, set: KubeObject, wanted: number): void {
    const active = context.owners.objectsOf(set.metadata.uid ?? '', pods.plural).filter(isActive);
    for (let missing = wanted - active.length; missing > 0; missing -= 1) {
      const pod = podFromTemplate(mapAt(set, 'spec', 'template'), { namespace: set.metadata.namespace ?? '', generateName: `${set.metadata.name ?? ''}-`, owner: controlledBy(set) });
      context.store.write.create(pods, pod);
    }
    const surplus = active.length - wanted;
    if (surplus > 0) for (const pod of [...active].sort((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, surplus)) context.store.write.delete(pods, pod.metadata.namespace, pod.metadata.name ?? '');
  }
}

/** Whether two pod templates are the same but for the hash label that the Deployment adds. */
export function templateWithoutHash(template: unknown): unknown {
  if (!isRecord(template)) return template;
  const { 'pod-template-hash': _hash, ...labels } = mapAt(template, 'metadata', 'labels');
  return { ...template, metadata: { ...mapAt(template, 'metadata'), labels } };
}

export const specReplicas = (object: KubeObject): number => numberAt(object, 'spec', 'replicas') ?? 1;
export const statusNumber = (object: KubeObject, field: string): number => numberAt(object, 'status', field) ?? 0;
export const conditionsOf = (object: KubeObject): readonly Record<string, unknown>[] => listAt(object, 'status', 'conditions');
export const isPaused = (object: KubeObject): boolean => at(object, 'spec', 'paused') === true;
