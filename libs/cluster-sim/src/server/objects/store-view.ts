import type { KubeObject } from '@meshfleet/model';
import type { DeleteOptions, Registry, ResourceInfo, StoreEvent, StoreView, UserInfo, WriteOptions } from '../../seam.ts';
import { resourceId } from './strategy.ts';
import { createObject } from './create-object.ts';
import { deleteObject } from './delete-object.ts';
import { inVersion, read, tableOf, type Engine, type WriteContext } from './engine.ts';
import { updateObject } from './update-object.ts';

/** The cluster's own hand: controllers act as it. */
export const SYSTEM_USER: UserInfo = { name: 'system:kube-controller-manager', groups: ['system:masters', 'system:authenticated'] };

/** The in-process view of a cluster. Events are queued, so that what a listener writes is told after what it was told. */
export function createStoreView(engine: () => Engine): StoreView {
  const listeners = new Set<(event: StoreEvent) => void>();
  const queue: StoreEvent[] = [];
  let draining = false;
  let following = false;

  function follow(): void {
    if (following) return;
    following = true;
    const { store, registry } = engine();
    store.onCommit((table, change) => {
      if (listeners.size === 0) return;
      const info = storageInfo(registry, table.id, change.object);
      if (info === undefined) return;
      queue.push({ type: change.type, info, object: change.object, ...(change.old === undefined ? {} : { old: change.old }) });
      drain();
    });
  }

  function drain(): void {
    if (draining) return;
    draining = true;
    try {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) for (const listener of [...listeners]) listener(event);
    } finally {
      draining = false;
    }
  }

  return {
    get: (info, namespace, name) => read(engine(), info, namespace, name),
    list: (info, namespace) => listAll(engine(), info, namespace),
    subscribe(listener) {
      follow();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    write: {
      create: (info, object, options) => createObject(engine(), info, object.metadata.namespace, object, contextOf(options)).object,
      update: (info, object, options) => updateObject(engine(), info, object.metadata.namespace, object.metadata.name ?? '', object, contextOf(options)).object,
      updateStatus: (info, object, options) =>
        updateObject(engine(), info, object.metadata.namespace, object.metadata.name ?? '', object, contextOf(options), 'status').object,
      delete: (info: ResourceInfo, namespace: string | undefined, name: string, options: DeleteOptions = {}) => {
        deleteObject(engine(), info, namespace, name, options, { user: options.user ?? SYSTEM_USER, dryRun: false });
      },
      purge: (info) => purge(engine(), info),
    },
  };
}

/** In-process writes are unconditional unless the object carries a resourceVersion. */
function contextOf(options: WriteOptions = {}): WriteContext {
  return { user: options.user ?? SYSTEM_USER, manager: options.manager ?? 'kube-controller-manager', dryRun: false, fieldValidation: 'Ignore' };
}

function listAll(engine: Engine, info: ResourceInfo, namespace: string | undefined): KubeObject[] {
  const scope = info.namespaced && namespace !== undefined ? { namespace } : {};
  return [...tableOf(engine, info).scan(scope)].map(({ object }) => inVersion(object, info));
}

function purge(engine: Engine, info: ResourceInfo): void {
  const table = tableOf(engine, info);
  for (const { key } of [...table.scan()]) engine.store.remove(table, key);
  table.closeWatches();
}

/** The storage version of a table's resource, for events. Objects are kept under its apiVersion. */
function storageInfo(registry: Registry, tableId: string, object: KubeObject): ResourceInfo | undefined {
  const slash = object.apiVersion.indexOf('/');
  const group = slash === -1 ? '' : object.apiVersion.slice(0, slash);
  const version = slash === -1 ? object.apiVersion : object.apiVersion.slice(slash + 1);
  const plural = group === '' ? tableId : tableId.slice(0, tableId.length - group.length - 1);
  const info = registry.find(group, version, plural);
  return info !== undefined && resourceId(info) === tableId ? info : undefined;
}
