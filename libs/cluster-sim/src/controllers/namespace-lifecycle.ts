import type { KubeObject } from '@meshfleet/model';
import { listAt, mapAt, thaw } from '../kinds/field.ts';
import type { ResourceInfo } from '../seam.ts';
import type { Condition, Controller, ControllerContext } from './context.ts';
import { infoOf, isKind, mergeConditions, nowText, splitKey, writeStatus } from './context.ts';

/** A namespace that is deleted: its content goes first, finalizers are waited for, then the namespace itself. */
export function namespaceLifecycleController(context: ControllerContext): Controller {
  const namespaces = infoOf(context, '', 'namespaces');
  const terminating = new Set<string>();
  return {
    name: 'namespace',
    keysOf(event) {
      if (isKind(event, '', 'namespaces')) {
        const name = event.object.metadata.name ?? '';
        if (event.type === 'DELETED') terminating.delete(name);
        else if (event.object.metadata.deletionTimestamp !== undefined) terminating.add(name);
        return terminating.has(name) ? [`/${name}`] : [];
      }
      const namespace = event.object.metadata.namespace;
      return namespace !== undefined && terminating.has(namespace) ? [`/${namespace}`] : [];
    },
    reconcile(key) {
      const { name } = splitKey(key);
      const namespace = context.store.get(namespaces, undefined, name);
      if (namespace?.metadata.deletionTimestamp === undefined) return;
      for (const { info, object } of contentOf(name)) if (object.metadata.deletionTimestamp === undefined) context.store.write.delete(info, name, object.metadata.name ?? '', { gracePeriodSeconds: 0 });
      const remaining = contentOf(name);
      const current = context.store.get(namespaces, undefined, name) ?? namespace;
      writeStatus(context, namespaces, current, {
        ...mapAt(current, 'status'),
        phase: 'Terminating',
        conditions: mergeConditions(listAt(current, 'status', 'conditions'), conditionsFor(remaining), nowText(context)),
      });
      if (remaining.length === 0) finalize(name);
    },
  };

  function contentOf(namespace: string): { info: ResourceInfo; object: KubeObject }[] {
    const seen = new Set<string>();
    return context.options.registry.resources().flatMap((info) => {
      const id = `${info.group}/${info.plural}`;
      if (!info.namespaced || !info.verbs.includes('list') || seen.has(id)) return [];
      seen.add(id);
      return context.store.list(info, namespace).map((object) => ({ info, object }));
    });
  }

  function finalize(name: string): void {
    const current = context.store.get(namespaces, undefined, name);
    if (current === undefined || listLength(current) === 0) return;
    const finalizers = mapAt(current, 'spec')['finalizers'];
    const kept = Array.isArray(finalizers) ? finalizers.filter((finalizer) => finalizer !== 'kubernetes') : [];
    const next = thaw(current);
    context.store.write.update(namespaces, { ...next, spec: kept.length === 0 ? {} : { ...mapAt(next, 'spec'), finalizers: kept } });
  }
}

const listLength = (namespace: KubeObject): number => {
  const finalizers = mapAt(namespace, 'spec')['finalizers'];
  return Array.isArray(finalizers) ? finalizers.length : 0;
};

function conditionsFor(remaining: readonly { info: ResourceInfo; object: KubeObject }[]): Condition[] {
  const byResource = countBy(remaining.map(({ info }) => `${info.plural}.${info.group}`));
  const byFinalizer = countBy(remaining.flatMap(({ object }) => object.metadata.finalizers ?? []));
  const list = (counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string => [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => text(name, count)).join(', ');
  return [
    { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
    remaining.length === 0
      ? { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' }
      : { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${list(byResource, (name, count) => `${name} has ${count} resource instances`)}` },
    byFinalizer.size === 0
      ? { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' }
      : { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${list(byFinalizer, (name, count) => `${name} in ${count} resource instances`)}` },
  ];
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
