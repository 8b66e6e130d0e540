import type { KubeObject } from '@meshfleet/model';
import { mapAt, textAt } from '../kinds/field.ts';
import type { Controller, ControllerContext } from './context.ts';
import { controlledBy, controllerKey, infoOf, isKind, keyOf, splitKey, writeStatus } from './context.ts';
import { templateHash } from './deployment.ts';
import { isActive, isReady, podFromTemplate } from './pod-template.ts';
import { selectorAllows } from './pod-placement.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** DaemonSet to one pod per node that its nodeSelector allows, placed by node affinity on the name as in a real cluster. */
export function daemonSetController(context: ControllerContext): Controller {
  const sets = infoOf(context, 'apps', 'daemonsets');
  const pods = infoOf(context, '', 'pods');
  const nodes = infoOf(context, '', 'nodes');
  return {
    name: 'daemonset',
    keysOf(event) {
      if (isKind(event, 'apps', 'daemonsets')) return [keyOf(event.object)];
      if (isKind(event, '', 'nodes') && event.type !== 'MODIFIED') return context.store.list(sets).map(keyOf);
      const owner = isKind(event, '', 'pods') ? controllerKey(event.object, 'DaemonSet') : undefined;
      return owner === undefined ? [] : [owner];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const set = context.store.get(sets, namespace, name);
      if (set === undefined) return;
      const revision = templateHash(mapAt(set, 'spec', 'template'));
      const eligible = context.store.list(nodes).filter((node) => selectorAllows(mapAt(set, 'spec', 'template', 'spec'), node));
      if (set.metadata.deletionTimestamp === undefined) converge(set, eligible, revision);
      const owned = context.owners.objectsOf(set.metadata.uid ?? '', 'pods').filter(isActive);
      const ready = owned.filter(isReady).length;
      writeStatus(context, sets, set, {
        currentNumberScheduled: owned.length,
        numberMisscheduled: 0,
        desiredNumberScheduled: eligible.length,
        numberReady: ready,
        observedGeneration: set.metadata.generation ?? 1,
        updatedNumberScheduled: owned.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision).length,
        ...(ready === 0 ? {} : { numberAvailable: ready }),
        ...(eligible.length > ready ? { numberUnavailable: eligible.length - ready } : {}),
      });
    },
  };

  function converge(set: KubeObject, eligible: readonly KubeObject[], revision: string): void {
    const byNode = new Map(context.owners.objectsOf(set.metadata.uid ?? '', 'pods').map((pod) => [textAt(pod, 'spec', 'nodeName') ?? '', pod]));
    for (const node of eligible) {
      const name = node.metadata.name ?? '';
      const pod = byNode.get(name);
      if (pod === undefined) create(set, name, revision);
      else if (pod.metadata.labels?.[REVISION_LABEL] !== revision && pod.metadata.deletionTimestamp === undefined && textAt(set, 'spec', 'updateStrategy', 'type') !== 'OnDelete')
        context.store.write.delete(pods, pod.metadata.namespace, pod.metadata.name ?? '');
    }
    const names = new Set(eligible.map((node) => node.metadata.name));
    for (const [node, pod] of byNode) if (!names.has(node) && pod.metadata.deletionTimestamp === undefined) context.store.write.delete(pods, pod.metadata.namespace, pod.metadata.name ?? '');
  }

  function create(set: KubeObject, node: string, revision: string): void {
    context.store.write.create(
      pods,
      podFromTemplate(mapAt(set, 'spec', 'template'), {
        namespace: set.metadata.namespace ?? '',
        generateName: `${set.metadata.name ?? ''}-`,
        owner: controlledBy(set),
        labels: { [REVISION_LABEL]: revision },
        spec: { nodeName: node },
      }),
    );
  }
}
