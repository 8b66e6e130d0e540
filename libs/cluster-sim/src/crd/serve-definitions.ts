import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import { listAt, mapAt, textAt, textsAt, thaw } from '../kinds/field.ts';
import type { CustomRegistry } from '../kinds/registry.ts';
import { builtin } from '../kinds/registry.ts';
import type { StoreView } from '../seam.ts';
import { customResourcesOf } from './custom-resources.ts';

/** Holds a CRD until its objects are gone; admission gives it to every new one. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
const MANAGER = { manager: 'kube-apiserver' };

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/**
 * Brings CustomResourceDefinitions to life: names accepted, established, served; withdrawn with all their objects when they are
 * deleted. It listens to the store itself instead of queueing, so that a CRD is served when its write is answered.
 */
export function serveDefinitions(registry: CustomRegistry, store: StoreView, now: () => Date): () => void {
  const crds = builtin(registry, 'apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  for (const crd of store.list(crds)) reconcile(crd);
  return store.subscribe((event) => {
    const name = event.object.metadata.name ?? '';
    if (event.info.group === crds.group && event.info.plural === crds.plural) {
      if (event.type === 'DELETED') withdraw(event.object);
      else reconcile(store.get(crds, undefined, name) ?? event.object);
    } else if (event.type === 'DELETED' && event.info.custom) {
      // The last object of a dying CRD is what its finalizer waits for.
      const crd = store.get(crds, undefined, `${event.info.plural}.${event.info.group}`);
      if (crd?.metadata.deletionTimestamp !== undefined) reconcile(crd);
    }
  });

  function reconcile(crd: KubeObject): void {
    if (crd.metadata.deletionTimestamp !== undefined) return finalize(crd);
    const conflict = nameConflict(crd);
    const accepted = conflict === undefined;
    const wasEstablished = isTrue(crd, 'Established');
    const conditions: Condition[] = [
      conflict ?? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      accepted || wasEstablished
        ? { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    ];
    if (accepted || wasEstablished) serve(crd);
    writeStatus(crd, conditions, accepted);
  }

  function serve(crd: KubeObject): void {
    const name = crd.metadata.name ?? '';
    const next = customResourcesOf(crd);
    const served = registry.customResources(name);
    const same = served.length === next.length && served.every((resource, index) => resource.schema === next[index]?.schema && isDeepStrictEqual(resource.info, next[index]?.info));
    if (!same) registry.serveCustom(name, next);
  }

  function writeStatus(crd: KubeObject, conditions: readonly Condition[], accepted: boolean): void {
    const before = listAt(crd, 'status', 'conditions');
    const merged = conditions.map((condition) => {
      const known = before.find((candidate) => candidate['type'] === condition.type && candidate['status'] === condition.status);
      return { lastTransitionTime: textAt(known, 'lastTransitionTime') ?? now().toISOString().replace(/\.\d{3}Z$/, 'Z'), message: condition.message, reason: condition.reason, status: condition.status, type: condition.type };
    });
    const others = before.filter((condition) => !conditions.some(({ type }) => type === condition['type']));
    const storage = textAt(listAt(crd, 'spec', 'versions').find((version) => version['storage'] === true), 'name') ?? '';
    const stored = textsAt(crd, 'status', 'storedVersions');
    const status = {
      acceptedNames: accepted ? mapAt(crd, 'spec', 'names') : mapAt(crd, 'status', 'acceptedNames'),
      conditions: [...merged, ...others],
      storedVersions: stored.includes(storage) ? [...stored] : [...stored, storage],
    };
    if (isDeepStrictEqual(crd['status'], status)) return;
    store.write.updateStatus(crds, { ...crd, status }, MANAGER);
  }

  /** Deletes every object of the CRD; when finalizers of theirs hold some back, the CRD waits for them. */
  function finalize(crd: KubeObject): void {
    const name = crd.metadata.name ?? '';
    if (!(crd.metadata.finalizers ?? []).includes(CLEANUP_FINALIZER)) return;
    const info = registry.customResources(name)[0]?.info;
    if (info !== undefined) {
      for (const object of store.list(info)) if (object.metadata.deletionTimestamp === undefined) store.write.delete(info, object.metadata.namespace, object.metadata.name ?? '');
      if (store.list(info).length > 0) return;
    }
    const current = store.get(crds, undefined, name);
    if (current === undefined) return;
    const next = thaw(current);
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    store.write.update(crds, next, MANAGER);
  }

  function withdraw(crd: KubeObject): void {
    const name = crd.metadata.name ?? '';
    const info = registry.customResources(name)[0]?.info;
    if (info !== undefined) store.write.purge(info);
    registry.serveCustom(name, []);
    // A CRD that waited for these names may have them now.
    for (const other of store.list(crds)) if (!isTrue(other, 'NamesAccepted')) reconcile(other);
  }

  function nameConflict(crd: KubeObject): Condition | undefined {
    const group = textAt(crd, 'spec', 'group') ?? '';
    const own = new Set(registry.customResources(crd.metadata.name ?? '').map((resource) => resource.info));
    const others = registry.resources().filter((info) => info.group === group && !own.has(info));
    const taken = (reason: string, text: string | undefined, used: readonly string[]): Condition | undefined =>
      text !== undefined && used.includes(text) ? { type: 'NamesAccepted', status: 'False', reason, message: `${JSON.stringify(text)} is already in use` } : undefined;
    const plurals = others.flatMap((info) => [info.plural, info.singular, ...info.shortNames]);
    const kinds = others.flatMap((info) => [info.kind, info.listKind ?? `${info.kind}List`]);
    const names = mapAt(crd, 'spec', 'names');
    return (
      taken('PluralConflict', textAt(names, 'plural'), plurals) ??
      taken('SingularConflict', textAt(names, 'singular'), plurals) ??
      textsAt(names, 'shortNames').map((short) => taken('ShortNamesConflict', short, plurals)).find((conflict) => conflict !== undefined) ??
      taken('KindConflict', textAt(names, 'kind'), kinds) ??
      taken('ListKindConflict', textAt(names, 'listKind'), kinds)
    );
  }
}

const isTrue = (crd: KubeObject, type: string): boolean => listAt(crd, 'status', 'conditions').some((condition) => condition['type'] === type && condition['status'] === 'True');
