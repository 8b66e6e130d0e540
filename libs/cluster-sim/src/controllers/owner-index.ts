import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo, StoreEvent } from '../seam.ts';

export interface Dependent {
  readonly info: ResourceInfo;
  readonly object: KubeObject;
}

/** Who is owned by whom, by the owner's uid. Kept from events, so that no loop has to list a namespace to find its pods. */
export interface OwnerIndex {
  observe(event: StoreEvent): void;
  dependentsOf(uid: string): readonly Dependent[];
  /** Dependents of one resource: the pods of a ReplicaSet. */
  objectsOf(uid: string, plural: string): readonly KubeObject[];
}

export function createOwnerIndex(): OwnerIndex {
  const byOwner = new Map<string, Map<string, Dependent>>();
  const ownersOf = (object: KubeObject | undefined): string[] => (object?.metadata.ownerReferences ?? []).map((reference) => reference.uid);

  return {
    observe({ type, info, object, old }) {
      const uid = object.metadata.uid ?? '';
      const now = type === 'DELETED' ? [] : ownersOf(object);
      for (const owner of new Set([...ownersOf(old), ...(type === 'DELETED' ? ownersOf(object) : [])])) {
        if (now.includes(owner)) continue;
        const dependents = byOwner.get(owner);
        dependents?.delete(uid);
        if (dependents?.size === 0) byOwner.delete(owner);
      }
      for (const owner of now) {
        const dependents = byOwner.get(owner) ?? new Map<string, Dependent>();
        dependents.set(uid, { info, object });
        byOwner.set(owner, dependents);
      }
    },
    dependentsOf: (uid) => [...(byOwner.get(uid)?.values() ?? [])],
    objectsOf: (uid, plural) => [...(byOwner.get(uid)?.values() ?? [])].filter((dependent) => dependent.info.plural === plural).map((dependent) => dependent.object),
  };
}
