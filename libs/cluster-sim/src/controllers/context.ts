import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, OwnerReference } from '@meshfleet/model';
import { builtin } from '../kinds/registry.ts';
import type { ControllerOptions, ResourceInfo, StoreEvent, StoreView } from '../seam.ts';
import type { AddressPlan } from './address-plan.ts';
import type { OwnerIndex } from './owner-index.ts';

/** What every controller works with. Reads are of the current state; writes are seen by the next read. */
export interface ControllerContext {
  readonly options: ControllerOptions;
  readonly store: StoreView;
  readonly owners: OwnerIndex;
  readonly addresses: AddressPlan;
}

/** One control loop: which keys an event concerns, and how to bring what a key names to its desired state. Level-triggered. */
export interface Controller {
  readonly name: string;
  /** Runs within the event itself: what the very next write may rely on. */
  readonly eager?: boolean;
  keysOf(event: StoreEvent): readonly string[];
  reconcile(key: string): void;
}

export const infoOf = (context: ControllerContext, group: string, plural: string, version = 'v1'): ResourceInfo => builtin(context.options.registry, group, version, plural);

/** `namespace/name`; cluster-scoped objects have an empty namespace. */
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;

export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return { namespace: slash === 0 ? undefined : key.slice(0, slash), name: key.slice(slash + 1) };
}

export const isKind = (event: StoreEvent, group: string, plural: string): boolean => event.info.group === group && event.info.plural === plural;

export const nowText = (context: ControllerContext): string => context.options.now().toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Key of the object that controls this one, when it is of the kind: `shop/reviews-5d8f9`. */
export function controllerKey(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${object.metadata.namespace ?? ''}/${owner.name}` : undefined;
}

export const controllerOf = (object: KubeObject): OwnerReference | undefined => object.metadata.ownerReferences?.find((reference) => reference.controller === true);

export function controlledBy(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Writes the status when it differs; answers whether it did. */
export function writeStatus(context: ControllerContext, info: ResourceInfo, object: KubeObject, status: Record<string, unknown>): boolean {
  if (isDeepStrictEqual(object['status'], status)) return false;
  context.store.write.updateStatus(info, { ...object, status });
  return true;
}

export type Condition = { type: string; status: 'True' | 'False' | 'Unknown'; reason?: string; message?: string; lastTransitionTime?: string; lastUpdateTime?: string };

/** Conditions with `next` merged in by type; the transition time of one whose status stays is kept. */
export function mergeConditions(existing: readonly Record<string, unknown>[], next: readonly Condition[], now: string): Condition[] {
  return next.map((condition) => {
    const before = existing.find((candidate) => candidate['type'] === condition.type);
    const since = before?.['status'] === condition.status ? before['lastTransitionTime'] : undefined;
    return { ...condition, lastTransitionTime: typeof since === 'string' ? since : now };
  });
}
