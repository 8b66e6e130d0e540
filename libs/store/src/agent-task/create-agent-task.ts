import { MeshfleetError } from '@meshfleet/model';
import type { TaskKind } from '@meshfleet/protocol';
import { isOffline } from '../cluster/cluster-row.ts';
import type { ClusterLifecycle } from '../cluster/cluster-row.ts';
import type { Tx } from '../connection/sql.ts';

/** Payload `{o, c}`: the cluster's agent has something to answer. A lost notice costs it until the next heartbeat. */
export const TASK_CHANNEL = 'meshfleet_task';

/** Tasks that may wait at a time: what one tenant, or one question to a large fleet, may ask of its agents. */
const MOST_PENDING = 2_000;
const MOST_PENDING_OF_CLUSTER = 20;

export interface NewAgentTask {
  readonly id: string;
  readonly clusterId: string;
  readonly kind: TaskKind;
  readonly request: object;
  /** Until when somebody waits, from now. */
  readonly withinMs: number;
  readonly createdBy: string;
}

/** Asks the agent of one cluster something. @throws MeshfleetError LIMIT_EXCEEDED, with nothing asked */
export async function createAgentTask(tx: Tx, task: NewAgentTask): Promise<void> {
  const { id, clusterId, kind, request, withinMs, createdBy } = task;
  const { rowCount } = await tx.query(CREATE, [tx.organizationId, id, clusterId, kind, JSON.stringify(request), withinMs, createdBy]);
  if (rowCount === 0) {
    throw new MeshfleetError({
      code: 'LIMIT_EXCEEDED',
      summary: 'Too many questions wait for the answers of agents',
      why: `at most ${MOST_PENDING_OF_CLUSTER} may wait for one cluster, and ${MOST_PENDING} in all`,
      fix: 'Ask again in a moment, or of fewer clusters at once.',
    });
  }
  tx.notify(TASK_CHANNEL, JSON.stringify({ o: tx.organizationId, c: clusterId }));
}

/** What tells whether an agent can be asked at all. */
export interface TaskTarget {
  readonly name: string;
  readonly lifecycle: ClusterLifecycle;
  readonly offline: boolean;
  readonly lastSeenAt: Date | null;
  /** What the agent says that it understands; null before its first report. */
  readonly features: readonly string[] | null;
}

export async function readTaskTarget(tx: Tx, clusterId: string): Promise<TaskTarget | undefined> {
  const { rows } = await tx.query<TaskTarget>(TARGET, [tx.organizationId, clusterId]);
  return rows[0];
}

const PENDING = `select count(*) from agent_task where organization_id = $1 and status = 'PENDING' and deadline > now()`;

const CREATE = `
  insert into agent_task (id, organization_id, cluster_id, kind, request, deadline, created_by)
  select $2::uuid, $1::uuid, $3::uuid, $4, $5::jsonb, now() + make_interval(secs => $6::float / 1000), $7
  where (${PENDING}) < ${MOST_PENDING} and (${PENDING} and cluster_id = $3) < ${MOST_PENDING_OF_CLUSTER}`;

const TARGET = `
  select name, lifecycle, ${isOffline('last_seen_at')} as offline, last_seen_at as "lastSeenAt",
    case when facts ? 'kubernetesVersion' then coalesce(facts->'features', '[]') end as features
  from cluster where organization_id = $1 and id = $2`;
