import { findDrift, isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { FIELD_MANAGER, metadataOf, parseApiVersion } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import type { ApplyContext } from './apply-entry.ts';
import { explainFailure } from './explain-failure.ts';
import type { Outcome } from './outcome.ts';

/** OBSERVE mode: says how the cluster differs from the desired state, and writes nothing. Never rejects. */
export async function observeEntry(context: ApplyContext, entry: DesiredEntry, object: KubeObject): Promise<Outcome> {
  const { group, version } = parseApiVersion(object.apiVersion);
  const resource = context.discovery.find(group, version, object.kind);
  if (resource === undefined) return { kind: 'drifted', reason: 'NotApplied', fields: [], manager: undefined };
  try {
    const live = await context.client.get(resource, object.metadata.namespace ?? '', object.metadata.name ?? '');
    const drift = findDrift(entry.mode === 'METADATA' ? metadataOf(object) : object, live, FIELD_MANAGER);
    if (drift.length === 0) return { kind: 'applied', resourceVersion: live.metadata.resourceVersion ?? '', unkept: undefined };
    return { kind: 'drifted', reason: 'NotApplied', fields: drift.map(({ field }) => field), manager: drift.find((each) => each.manager !== undefined)?.manager };
  } catch (error) {
    return isNotFound(error) ? { kind: 'drifted', reason: 'NotApplied', fields: [], manager: undefined } : explainFailure(error);
  }
}
