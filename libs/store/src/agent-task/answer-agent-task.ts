import type { TaskKind } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';

/** Payload `{o, t}`: this task was answered. Whoever waits reads it; a lost notice costs them until they look by themselves. */
export const TASK_ANSWER_CHANNEL = 'meshfleet_task_answer';

/** SQL that is true of a task which somebody waits for, and which no agent is known to be at work on. */
export const isTaskDue = (task: string): string =>
  `(${task}.status = 'PENDING' and ${task}.deadline > now() and (${task}.taken_at is null or ${task}.taken_at < now() - interval '30 seconds'))`;

export interface TakenTask {
  readonly id: string;
  readonly kind: TaskKind;
  readonly deadline: Date;
  readonly request: unknown;
}

/** Hands an agent what it is to answer, the oldest first. Each is handed out once, and again after half a minute without an answer. */
export async function takeAgentTasks(tx: Tx, clusterId: string, limit: number): Promise<readonly TakenTask[]> {
  const { rows } = await tx.query<TakenTask & { createdAt: Date }>(TAKE, [tx.organizationId, clusterId, limit]);
  return rows.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** What a task asks, while it waits for the answer of this cluster. */
export async function pendingTaskKind(tx: Tx, clusterId: string, id: string): Promise<TaskKind | undefined> {
  const { rows } = await tx.query<{ kind: TaskKind }>(
    `select kind from agent_task where organization_id = $1 and cluster_id = $2 and id = $3 and status = 'PENDING' and deadline > now()`,
    [tx.organizationId, clusterId, id],
  );
  return rows[0]?.kind;
}

/** Keeps an answer, if somebody still waits for it and nobody gave one before. */
export async function answerAgentTask(tx: Tx, clusterId: string, id: string, answer: { readonly status: 'DONE' | 'FAILED'; readonly result: unknown }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update agent_task set status = $4, result = $5::jsonb
     where organization_id = $1 and cluster_id = $2 and id = $3 and status = 'PENDING' and deadline > now()`,
    [tx.organizationId, clusterId, id, answer.status, JSON.stringify(answer.result)],
  );
  if (rowCount > 0) tx.notify(TASK_ANSWER_CHANNEL, JSON.stringify({ o: tx.organizationId, t: id }));
  return rowCount > 0;
}

export interface AgentTaskRow {
  readonly kind: TaskKind;
  readonly status: 'PENDING' | 'DONE' | 'FAILED' | 'EXPIRED';
  readonly result: unknown;
}

/** A task as it stands: one that waits beyond its deadline counts as expired, swept or not. */
export async function readAgentTask(tx: Tx, id: string): Promise<AgentTaskRow | undefined> {
  const { rows } = await tx.query<AgentTaskRow>(
    `select kind, case when status = 'PENDING' and deadline <= now() then 'EXPIRED' else status end as status, result
     from agent_task where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  return rows[0];
}

/** Whoever asked has the answer: results are large, and nobody else reads them. */
export function forgetAgentTask(tx: Tx, id: string): void {
  tx.send('delete from agent_task where organization_id = $1 and id = $2', [tx.organizationId, id]);
}

export interface SweptTasks {
  readonly expired: number;
  readonly forgotten: number;
}

/** Expires what nobody waits for any longer, and forgets tasks a minute after their deadline, at most `limit` of each. */
export async function sweepAgentTasks(tx: Tx, limit: number): Promise<SweptTasks> {
  const expired = await tx.query(EXPIRE, [tx.organizationId, limit]);
  const forgotten = await tx.query(FORGET, [tx.organizationId, limit]);
  return { expired: expired.rowCount, forgotten: forgotten.rowCount };
}

const TAKE = `
  update agent_task t set taken_at = now() from (
    select due.id from agent_task due where due.organization_id = $1 and due.cluster_id = $2 and ${isTaskDue('due')}
    order by due.created_at, due.id limit $3 for update skip locked) picked
  where t.id = picked.id
  returning t.id, t.kind, t.deadline, t.request, t.created_at as "createdAt"`;

const EXPIRE = `
  update agent_task t set status = 'EXPIRED' from (
    select id from agent_task where organization_id = $1 and status = 'PENDING' and deadline <= now() limit $2) late
  where t.id = late.id and t.status = 'PENDING'`;

const FORGET = `
  delete from agent_task t using (
    select id from agent_task where organization_id = $1 and deadline < now() - interval '1 minute' limit $2) old
  where t.id = old.id`;
