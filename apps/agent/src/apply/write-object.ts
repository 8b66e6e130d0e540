import type { KubeClient, Resource } from '@meshfleet/kube';
import { findDrift } from '@meshfleet/kube';
import { FIELD_MANAGER, ORIGIN_ANNOTATION } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { Outcome } from './outcome.ts';
import type { Origin } from './ownership.ts';

export type Written = Extract<Outcome, { kind: 'applied' }>;

/** Applies the object as ours, and looks what came of it. */
export async function write(client: KubeClient, resource: Resource, wanted: KubeObject, force: boolean, before: KubeObject | undefined): Promise<Written> {
  let after = await client.apply(resource, wanted, { fieldManager: FIELD_MANAGER, force });
  const others = (after.metadata.managedFields ?? []).some((entry) => !(entry.manager === FIELD_MANAGER && entry.operation === 'Apply') && (entry.subresource ?? '') === '');
  let origin: Origin = wanted.metadata.annotations?.[ORIGIN_ANNOTATION] === 'created' ? 'created' : 'adopted';
  if (before === undefined && others) {
    // Somebody created it between our look and our write: then it is not ours to delete.
    origin = 'adopted';
    const annotations = { ...wanted.metadata.annotations, [ORIGIN_ANNOTATION]: origin };
    after = await client.apply(resource, { ...wanted, metadata: { ...wanted.metadata, annotations } }, { fieldManager: FIELD_MANAGER, force: true });
  }
  const unkept = findDrift(wanted, after, FIELD_MANAGER).map(({ field }) => field).filter((field) => !field.startsWith('.metadata.'));
  return { kind: 'applied', resourceVersion: after.metadata.resourceVersion ?? '', unkept, origin, uid: after.metadata.uid };
}
