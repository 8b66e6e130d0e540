/** A cluster as it is shown. */
export interface ClusterRow {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string | null;
  readonly zone: string | null;
  readonly network: string | null;
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

export type ClusterStatus = 'PENDING_APPROVAL' | 'ONLINE' | 'OFFLINE' | 'QUARANTINED' | 'EVICTED';

/** A cluster that was not heard of for longer than this is offline; agents report at the latest every 30 s. */
const ONLINE_FOR = `interval '90 seconds'`;

/** Where a row of `cluster c` stands, as SQL. */
export const CLUSTER_STATUS = `case when c.lifecycle <> 'ACTIVE' then c.lifecycle
  when c.last_seen_at > now() - ${ONLINE_FOR} then 'ONLINE' else 'OFFLINE' end`;

/** In sync: the agent acknowledged the state that is desired, in the organization's epoch, and no object is failed or drifted. */
const IN_SYNC = `(c.acked_revision = c.desired_revision
  and (c.desired_revision = 0 or c.acked_epoch = (select o.epoch from organization o where o.id = c.organization_id))
  and not exists (select 1 from object_condition oc where oc.cluster_id = c.id and oc.status in ('FAILED', 'DRIFTED')))`;

export const CLUSTER_COLUMNS = `c.id, c.uid, c.name, c.labels, c.region, c.zone, c.network, ${CLUSTER_STATUS} as status,
  c.agent_version as "agentVersion", c.kubernetes_version as "kubernetesVersion", c.node_count as "nodeCount",
  c.facts->'meshes' as meshes, c.enrolled_at as "enrolledAt", c.last_seen_at as "lastSeenAt",
  c.desired_revision as "desiredRevision", c.acked_revision as "ackedRevision", c.acked_at as "ackedAt", ${IN_SYNC} as "inSync"`;
