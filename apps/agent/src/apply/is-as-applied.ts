import { findDrift } from '@meshfleet/kube';
import { FIELD_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import type { Knowledge } from './apply-entry.ts';
import { contentMark, ownershipOf, stamp } from './ownership.ts';

/**
 * Whether an object that a watch shows is as this entry was applied: then nobody need ask the API server. Controllers write statuses all the time, and
 * owners of labelled workloads whatever they like. False when it takes a closer look to tell.
 */
export function isAsApplied(entry: DesiredEntry, object: KubeObject, live: KubeObject, knowledge: Knowledge): boolean {
  const own = ownershipOf(live);
  const { origin } = own;
  if (!own.managed || origin === undefined || own.policyId !== entry.policyId || own.content !== contentMark(entry.hash)) return false;
  if (live.metadata.deletionTimestamp !== undefined) return false;
  const dropped = new Set(knowledge.unkept ?? []);
  return findDrift(stamp(object, entry, origin), live, FIELD_MANAGER).every(({ field }) => dropped.has(field));
}
