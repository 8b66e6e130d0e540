/** A cluster as it is shown. */
export interface ClusterRow {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string | null;
  readonly zone: string | null;
  readonly network: string | null;
  readonly mesh: string | null;
  readonly status: ClusterStatus;
  readonly agentVersion: string | null;
  readonly kubernetesVersion: string | null;
  readonly nodeCount: number | null;
  readonly meshes: readonly { flavour?: string; revision?: string; version?: string; namespace?: string }[] | null;
  readonly enrolledAt: Date;
  readonly lastSeenAt: Date | null;
  readonly desiredRevision: number;
  readonly ackedRevision: number;
  readonly ackedAt: Date | null;
  readonly inSync: boolean;
}

/** Where a cluster is in its life; what people are shown besides is whether its agent is heard of. */
export type ClusterLifecycle = 'PENDING_APPROVAL' | 'ACTIVE' | 'QUARANTINED' | 'EVICTED';

export type ClusterStatus = 'PENDING_APPROVAL' | 'ONLINE' | 'OFFLINE' | 'QUARANTINED' | 'EVICTED';

/** Seconds without a sign of life after which a cluster counts as offline; agents report at the latest every 30 s. */
const OFFLINE_AFTER = 90;

/** SQL that is true of a cluster which is offline, of the column with the time it was seen last. */
export function isOffline(lastSeenAt: string): string {
  return `(${lastSeenAt} is null or ${lastSeenAt} < now() - interval '${OFFLINE_AFTER} seconds')`;
}

/** Where a row of `cluster c` stands, as SQL. */
export const CLUSTER_STATUS = `case when c.lifecycle <> 'ACTIVE' then c.lifecycle
  when ${isOffline('c.last_seen_at')} then 'OFFLINE' else 'ONLINE' end`;

/** In sync: the agent acknowledged the state that is desired, in the organization's epoch, and no object is failed or drifted. */
const IN_SYNC = `(c.acked_revision = c.desired_revision
  and (c.desired_revision = 0 or c.acked_epoch = (select o.epoch from organization o where o.id = c.organization_id))
  and not exists (select 1 from object_condition oc where oc.cluster_id = c.id and oc.status in ('FAILED', 'DRIFTED')))`;

export const CLUSTER_COLUMNS = `c.id, c.uid, c.name, c.labels, c.region, c.zone, c.network, c.mesh, ${CLUSTER_STATUS} as status,
  c.agent_version as "agentVersion", c.kubernetes_version as "kubernetesVersion", c.node_count as "nodeCount",
  c.facts->'meshes' as meshes, c.enrolled_at as "enrolledAt", c.last_seen_at as "lastSeenAt",
  c.desired_revision as "desiredRevision", c.acked_revision as "ackedRevision", c.acked_at as "ackedAt", ${IN_SYNC} as "inSync"`;
