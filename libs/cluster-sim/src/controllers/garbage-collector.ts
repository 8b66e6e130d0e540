import type { KubeObject, OwnerReference } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { thaw } from '../kinds/field.ts';
import type { ResourceInfo } from '../seam.ts';
import type { Controller, ControllerContext } from './context.ts';
import type { Dependent } from './owner-index.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/**
 * Deletes what its owners left behind, as Kubernetes' garbage collector: in the background after the owner is gone, in the
 * foreground before it may go, or not at all when the owner's deletion said to orphan.
 */
export function garbageCollector(context: ControllerContext): Controller {
  const { store, owners } = context;
  return {
    name: 'garbage-collector',
    keysOf({ type, info, object, old }) {
      const uid = object.metadata.uid ?? '';
      const self = `${info.group}|${info.version}|${info.plural}|${object.metadata.namespace ?? ''}|${object.metadata.name ?? ''}|${uid}`;
      const waitingOwners = (type === 'ADDED' ? [] : [...(object.metadata.ownerReferences ?? []), ...(old?.metadata.ownerReferences ?? [])]).filter((reference) => reference.blockOwnerDeletion).flatMap((reference) => ownerKey(reference, object) ?? []);
      if (type === 'DELETED') return [...owners.dependentsOf(uid).map(dependentKey), ...waitingOwners];
      const dying = object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).some((finalizer) => finalizer === FOREGROUND || finalizer === ORPHAN);
      const owned = (object.metadata.ownerReferences ?? []).length > 0 && (type === 'ADDED' || JSON.stringify(object.metadata.ownerReferences) !== JSON.stringify(old?.metadata.ownerReferences));
      return [...(dying || owned ? [self] : []), ...waitingOwners];
    },
    reconcile(key) {
      const [group = '', version = '', plural = '', namespace = '', name = '', uid = ''] = key.split('|');
      const info = context.options.registry.find(group, version, plural);
      const object = info && store.get(info, info.namespaced ? namespace : undefined, name);
      if (info === undefined || object === undefined || object.metadata.uid !== uid) return;
      const finalizers = object.metadata.finalizers ?? [];
      if (object.metadata.deletionTimestamp !== undefined) {
        if (finalizers.includes(ORPHAN)) return orphanDependents(info, object);
        if (finalizers.includes(FOREGROUND)) return deleteDependentsFirst(info, object);
        return;
      }
      collect(info, object);
    },
  };

  /** Deletes an object whose owners are all gone; drops references to those that are gone while others live. */
  function collect(info: ResourceInfo, object: KubeObject): void {
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const states = references.map((reference) => ({ reference, state: ownerState(reference, object) }));
    const dangling = states.filter(({ state }) => state === 'absent');
    const waiting = states.filter(({ state }) => state === 'waiting');
    const solid = states.filter(({ state }) => state === 'solid');
    if (solid.length > 0) {
      if (dangling.length + waiting.length > 0) removeReferences(info, object, [...dangling, ...waiting].map(({ reference }) => reference.uid));
      return;
    }
    const { namespace, name = '', uid = '' } = object.metadata;
    const foreground = waiting.length > 0 && owners.dependentsOf(uid).some(({ object: dependent }) => blocks(dependent, uid));
    store.write.delete(info, info.namespaced ? namespace : undefined, name, { uid, propagationPolicy: foreground ? 'Foreground' : 'Background' });
  }

  function ownerState(reference: OwnerReference, dependent: KubeObject): 'solid' | 'waiting' | 'absent' {
    const { group, version } = parseApiVersion(reference.apiVersion);
    const info = context.options.registry.byKind(group, version, reference.kind);
    // An owner of an unknown kind cannot be looked up: kube-controller-manager leaves the dependent alone too.
    if (info === undefined) return 'solid';
    const owner = store.get(info, info.namespaced ? dependent.metadata.namespace : undefined, reference.name);
    if (owner === undefined || owner.metadata.uid !== reference.uid) return 'absent';
    return owner.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(FOREGROUND) ? 'waiting' : 'solid';
  }

  function orphanDependents(info: ResourceInfo, owner: KubeObject): void {
    const uid = owner.metadata.uid ?? '';
    for (const dependent of owners.dependentsOf(uid)) removeReferences(dependent.info, dependent.object, [uid]);
    removeFinalizer(info, owner, ORPHAN);
  }

  function deleteDependentsFirst(info: ResourceInfo, owner: KubeObject): void {
    const uid = owner.metadata.uid ?? '';
    for (const { info: dependentInfo, object } of owners.dependentsOf(uid)) if (object.metadata.deletionTimestamp === undefined) collect(dependentInfo, object);
    if (!owners.dependentsOf(uid).some(({ object }) => blocks(object, uid))) removeFinalizer(info, owner, FOREGROUND);
  }

  function removeReferences(info: ResourceInfo, object: KubeObject, uids: readonly string[]): void {
    const current = store.get(info, info.namespaced ? object.metadata.namespace : undefined, object.metadata.name ?? '');
    if (current === undefined) return;
    const next = thaw(current);
    const kept = (next.metadata.ownerReferences ?? []).filter((reference) => !uids.includes(reference.uid));
    if (kept.length > 0) next.metadata.ownerReferences = kept;
    else delete next.metadata.ownerReferences;
    store.write.update(info, next);
  }

  function removeFinalizer(info: ResourceInfo, object: KubeObject, finalizer: string): void {
    const current = store.get(info, info.namespaced ? object.metadata.namespace : undefined, object.metadata.name ?? '');
    if (current === undefined) return;
    const next = thaw(current);
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
    store.write.update(info, next);
  }

  function ownerKey(reference: OwnerReference, dependent: KubeObject): string[] | undefined {
    const { group, version } = parseApiVersion(reference.apiVersion);
    const info = context.options.registry.byKind(group, version, reference.kind);
    if (info === undefined) return undefined;
    return [`${info.group}|${info.version}|${info.plural}|${info.namespaced ? (dependent.metadata.namespace ?? '') : ''}|${reference.name}|${reference.uid}`];
  }
}

function dependentKey({ info, object }: Dependent): string {
  return `${info.group}|${info.version}|${info.plural}|${object.metadata.namespace ?? ''}|${object.metadata.name ?? ''}|${object.metadata.uid ?? ''}`;
}

const blocks = (dependent: KubeObject, ownerUid: string): boolean =>
  (dependent.metadata.ownerReferences ?? []).some((reference) => reference.uid === ownerUid && reference.blockOwnerDeletion === true);
