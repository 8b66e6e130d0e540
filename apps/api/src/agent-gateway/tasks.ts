import { TASK_RESULTS } from '@meshfleet/protocol';
import type { TaskAnswer, TaskList, TaskTaken } from '@meshfleet/protocol';
import { answerAgentTask, pendingTaskKind, takeAgentTasks } from '@meshfleet/store';
import type { AuthenticatedAgent } from './authenticate.ts';
import { checkLifecycle } from './authenticate.ts';
import type { GatewayContext } from './gateway-context.ts';

/** Handed out at a time: requests can be large. An agent asks until there are none. */
const AT_ONCE = 4;

/** `GET /agent/v1/tasks`. @throws MeshfleetError when the cluster may not act */
export async function takeTasks({ store }: GatewayContext, { organizationId, cluster }: AuthenticatedAgent): Promise<TaskList> {
  checkLifecycle(cluster, 'act');
  if (!cluster.hasTasks) return { tasks: [] };
  const tasks = await store.transaction(organizationId, (tx) => takeAgentTasks(tx, cluster.id, AT_ONCE));
  return { tasks: tasks.map(({ id, kind, deadline, request }) => ({ id, kind, deadline: deadline.toISOString(), request })) };
}

/**
 * `POST /agent/v1/tasks/<id>`. An answer that is not what was asked for is kept as a failure, since somebody waits for it.
 * @throws MeshfleetError when the cluster may not act
 */
export async function answerTask({ store }: GatewayContext, { organizationId, cluster }: AuthenticatedAgent, id: string, answer: TaskAnswer): Promise<TaskTaken> {
  checkLifecycle(cluster, 'act');
  return await store.transaction(organizationId, async (tx) => {
    const kind = await pendingTaskKind(tx, cluster.id, id);
    if (kind === undefined) return { taken: false };
    if (answer.status === 'FAILED') return { taken: await answerAgentTask(tx, cluster.id, id, { status: 'FAILED', result: answer.error }) };
    const result = TASK_RESULTS[kind].safeParse(answer.result);
    if (result.success) return { taken: await answerAgentTask(tx, cluster.id, id, { status: 'DONE', result: result.data }) };
    const issue = result.error.issues[0];
    const message = `The agent's answer is not as it should be at ${issue?.path.join('.') ?? 'its root'}: ${issue?.message ?? 'malformed'}`;
    return { taken: await answerAgentTask(tx, cluster.id, id, { status: 'FAILED', result: { reason: 'AnswerInvalid', message } }) };
  });
}
