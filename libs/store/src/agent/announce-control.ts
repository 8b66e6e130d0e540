import type { Tx } from '../connection/sql.ts';

/** Payload `{o, c, type}`: what the processes that hold a cluster's streams must act upon at once. */
export const CONTROL_CHANNEL = 'meshfleet_control';

/**
 * `rekeyed` ends the streams that the former key opened. The others reach the agent; after `quarantined` and `evicted`
 * its streams end.
 */
export type ControlNotice = 'approved' | 'quarantined' | 'evicted' | 'resync-inventory' | 'reenroll' | 'rekeyed';

/** A lost notice costs a few seconds: gateways look for quarantined and evicted clusters by themselves. */
export function announceControl(tx: Tx, clusterId: string, type: ControlNotice): void {
  tx.notify(CONTROL_CHANNEL, JSON.stringify({ o: tx.organizationId, c: clusterId, type }));
}
