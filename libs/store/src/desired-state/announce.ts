import type { Tx } from '../connection/sql.ts';

/** Payload `{o, c: [[clusterId, epoch, revision], …]}`: these clusters have a new desired state. */
export const DESIRED_CHANNEL = 'meshfleet_desired';
/** Payload `{o, clusters: […], policies: […], rollouts: […]}`: what a person may be looking at has changed. */
export const CHANGED_CHANNEL = 'meshfleet_changed';

// Postgres takes payloads of less than 8,000 bytes; an entry of either list is at most 70.
const ENTRIES_PER_NOTICE = 100;

/** Tells the processes that hold the agents' streams. A lost notice costs the agent its next poll. */
export function announceDesired(tx: Tx, revisions: readonly { clusterId: string; epoch: number; revision: number }[]): void {
  for (const part of partsOf(revisions)) {
    const entries = part.map(({ clusterId, epoch, revision }) => [clusterId, epoch, revision]);
    tx.notify(DESIRED_CHANNEL, JSON.stringify({ o: tx.organizationId, c: entries }));
  }
}

/** Wakes subscriptions. A lost notice costs a reader nothing but the moment: they read the row. */
export function announceChanged(tx: Tx, changed: { clusterIds: readonly string[]; policyIds: readonly string[]; rolloutIds?: readonly string[] }): void {
  for (const part of partsOf(changed.clusterIds)) {
    tx.notify(CHANGED_CHANNEL, JSON.stringify({ o: tx.organizationId, clusters: part, policies: [] }));
  }
  for (const part of partsOf(changed.policyIds)) {
    tx.notify(CHANGED_CHANNEL, JSON.stringify({ o: tx.organizationId, clusters: [], policies: part }));
  }
  for (const part of partsOf(changed.rolloutIds ?? [])) {
    tx.notify(CHANGED_CHANNEL, JSON.stringify({ o: tx.organizationId, rollouts: part }));
  }
}

function partsOf<T>(list: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < list.length; from += ENTRIES_PER_NOTICE) parts.push(list.slice(from, from + ENTRIES_PER_NOTICE));
  return parts;
}
