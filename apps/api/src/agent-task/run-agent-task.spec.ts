import { randomUUID } from 'node:crypto';
import type { TaskList } from '@meshfleet/protocol';
import { sweepAgentTasks } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, TestAgent, type TestGateway } from '../agent-gateway/gateway.fixture.ts';
import { runAgentTask, type TaskOutcome, type TaskQuestion } from './run-agent-task.ts';
import { TaskAnswers } from './task-answers.ts';

const KEY = 'VirtualService.networking.istio.io/shop/reviews';
const ABSENT = { found: false, managers: [], conditions: [] };

let gateway: TestGateway;
let answers: TaskAnswers;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
  answers = new TaskAnswers(gateway.db.store);
  await answers.onModuleInit();
});
afterAll(async () => {
  await answers.onApplicationShutdown();
  await gateway.stop();
});

/** An agent that has reported, and so is known to understand tasks. */
async function newAgent(features: readonly string[] = ['TASKS'], organization = organizationId): Promise<TestAgent> {
  const agent = await TestAgent.enrol(gateway, organization);
  await agent.report(1, { facts: { kubernetesVersion: 'v1.35.0', nodeCount: 1, meshes: [], servedKinds: [], ...(features.length === 0 ? {} : { features }) } });
  return agent;
}
const ask = (agent: TestAgent, more: Partial<TaskQuestion<'INSPECT'>> = {}): Promise<TaskOutcome<'INSPECT'>> =>
  runAgentTask({ store: gateway.db.store, answers }, { organizationId, clusterId: agent.identity.clusterId, kind: 'INSPECT', request: { key: KEY }, actor: 'user:ada', timeoutMs: 20_000, ...more });
async function take(agent: TestAgent): Promise<TaskList['tasks']> {
  for (;;) {
    const { json } = await agent.get<TaskList & Record<string, unknown>>('/agent/v1/tasks');
    if (json.tasks.length > 0) return json.tasks;
  }
}
const reply = (agent: TestAgent, id: string | undefined, body: object) => agent.post<{ taken: boolean }>(`/agent/v1/tasks/${id ?? ''}`, body);
const statusOf = async (id: string | undefined) => (await gateway.db.admin.query<{ status: string }>('select status from agent_task where id = $1', [id])).rows[0]?.status;
const countOf = async (agent: TestAgent) => (await gateway.db.admin.query('select from agent_task where cluster_id = $1', [agent.identity.clusterId])).rowCount;

describe('a question to an agent', () => {
  it('is announced on its stream, fetched, answered, and the answer comes to who asked', async () => {
    const agent = await newAgent();
    const stream = await agent.listen();
    const asked = ask(agent);
    await stream.until(({ events }) => events.some(({ event }) => event === 'task'));
    const [task] = await take(agent);
    expect(task).toMatchObject({ kind: 'INSPECT', request: { key: KEY } });
    expect((await reply(agent, task?.id, { status: 'DONE', result: ABSENT })).json).toEqual({ taken: true });
    expect(await asked).toEqual({ answered: true, result: ABSENT });
    stream.close();
  });

  it('reaches an agent that polls, and its answer may be taken by another process', async () => {
    const agent = await newAgent();
    const { url } = await gateway.another();
    const path = '/agent/v1/poll?cursor=0.0&wait=20';
    const polled = agent.get<{ events: object[] } & Record<string, unknown>>(path);
    const asked = ask(agent);
    expect((await polled).json.events).toEqual([{ event: 'task', data: {} }]);
    const [task] = await take(agent);
    const elsewhere = new TestAgent(url, agent.keys, agent.identity);
    await reply(elsewhere, task?.id, { status: 'DONE', result: ABSENT });
    expect(await asked).toMatchObject({ answered: true });
  });

  it('waits for an agent that connects a little later', async () => {
    const agent = await newAgent();
    const asked = ask(agent);
    while ((await countOf(agent)) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const stream = await agent.listen();
    await stream.until(({ events }) => events.some(({ event }) => event === 'task'));
    await reply(agent, (await take(agent))[0]?.id, { status: 'FAILED', error: { reason: 'KindUnknown', message: 'never heard of it' } });
    expect(await asked).toMatchObject({ answered: false, error: { code: 'TASK_FAILED', summary: 'never heard of it', why: 'KindUnknown' } });
    stream.close();
  });

  it('is handed out once, and again when nothing came of it', async () => {
    const agent = await newAgent();
    const asked = ask(agent);
    const [task] = await take(agent);
    expect((await agent.get('/agent/v1/tasks')).json).toEqual({ tasks: [] });
    await gateway.db.admin.query(`update agent_task set taken_at = now() - interval '31 seconds' where id = $1`, [task?.id]);
    expect((await take(agent))[0]?.id).toBe(task?.id);
    await reply(agent, task?.id, { status: 'DONE', result: ABSENT });
    expect(await asked).toMatchObject({ answered: true });
    expect((await reply(agent, task?.id, { status: 'DONE', result: ABSENT })).json).toEqual({ taken: false });
  });

  it('finds its answer although the notice of it was lost', async () => {
    const agent = await newAgent();
    const asked = ask(agent);
    const [task] = await take(agent);
    await gateway.db.admin.query(`update agent_task set status = 'DONE', result = $2 where id = $1`, [task?.id, JSON.stringify(ABSENT)]);
    expect(await asked).toEqual({ answered: true, result: ABSENT });
  });

  it('expires, and takes no answer after that', async () => {
    const agent = await newAgent();
    const asked = ask(agent, { timeoutMs: 500 });
    const [task] = await take(agent);
    expect(await asked).toMatchObject({ answered: false, error: { code: 'TASK_EXPIRED' } });
    await gateway.db.admin.query('update agent_task set deadline = now() where id = $1', [task?.id]);
    expect((await reply(agent, task?.id, { status: 'DONE', result: ABSENT })).json).toEqual({ taken: false });
    expect(await gateway.db.store.transaction(organizationId, (tx) => sweepAgentTasks(tx, 1_000))).toMatchObject({ expired: 1 });
    expect(await statusOf(task?.id)).toBe('EXPIRED');
    await gateway.db.admin.query(`update agent_task set deadline = now() - interval '2 hours' where id = $1`, [task?.id]);
    expect(await gateway.db.store.transaction(organizationId, (tx) => sweepAgentTasks(tx, 1_000))).toMatchObject({ expired: 0, forgotten: 1 });
  });

  it('whose answer is not what was asked for has failed', async () => {
    const agent = await newAgent();
    const asked = ask(agent);
    const [task] = await take(agent);
    await reply(agent, task?.id, { status: 'DONE', result: { found: 'perhaps' } });
    expect(await asked).toMatchObject({ answered: false, error: { code: 'TASK_FAILED', why: 'AnswerInvalid' } });
  });

  it('is nobody else’s to answer, in this tenant or another', async () => {
    const agent = await newAgent();
    const [neighbour, foreigner] = [await newAgent(), await newAgent(['TASKS'], await gateway.db.createOrganization())];
    const asked = ask(agent);
    const [task] = await take(agent);
    for (const other of [neighbour, foreigner]) {
      expect((await other.get('/agent/v1/tasks')).json).toEqual({ tasks: [] });
      expect((await reply(other, task?.id, { status: 'DONE', result: ABSENT })).json).toEqual({ taken: false });
    }
    await reply(agent, task?.id, { status: 'DONE', result: { ...ABSENT, found: true } });
    expect(await asked).toMatchObject({ answered: true, result: { found: true } });
    expect((await reply(agent, '1;drop%20table', { status: 'DONE' })).status).toBe(404);
  });
});

describe('an agent that cannot answer', () => {
  const set = (column: string, value: string | null) => async (agent: TestAgent) => {
    await gateway.db.admin.query(`update cluster set ${column} = $2 where id = $1`, [agent.identity.clusterId, value]);
  };
  it.each([
    ['quarantined', 'CLUSTER_QUARANTINED', set('lifecycle', 'QUARANTINED')],
    ['evicted', 'CLUSTER_EVICTED', set('lifecycle', 'EVICTED')],
    ['yet to be approved', 'APPROVAL_PENDING', set('lifecycle', 'PENDING_APPROVAL')],
    ['offline', 'CLUSTER_OFFLINE', set('last_seen_at', '2026-01-01T00:00:00Z')],
    ['yet to report', 'PRECONDITION_FAILED', set('facts', '{}')],
  ])('because it is %s is not asked: the reason comes at once', async (_, code, change) => {
    const agent = await newAgent();
    await change(agent);
    expect(await ask(agent)).toMatchObject({ answered: false, error: { code, fix: expect.any(String) as string } });
    expect(await countOf(agent)).toBe(0);
  });

  it('because it is of an older version hears nothing of tasks', async () => {
    const agent = await newAgent([]);
    expect(await ask(agent)).toMatchObject({ answered: false, error: { code: 'AGENT_OUTDATED' } });
    expect(await countOf(agent)).toBe(0);
  });

  it('because there is none, or it is another tenant’s, is not found', async () => {
    const foreigner = await newAgent(['TASKS'], await gateway.db.createOrganization());
    expect(await ask(foreigner)).toMatchObject({ answered: false, error: { code: 'NOT_FOUND' } });
    expect(await ask(foreigner, { clusterId: randomUUID() })).toMatchObject({ answered: false, error: { code: 'NOT_FOUND' } });
  });

  it('because too much is asked of it already is spared more', async () => {
    const agent = await newAgent();
    const asked = Array.from({ length: 20 }, () => ask(agent));
    while ((await countOf(agent)) < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await ask(agent)).toMatchObject({ answered: false, error: { code: 'LIMIT_EXCEEDED' } });
    for (let left = asked.length; left > 0; ) {
      for (const { id } of await take(agent)) {
        await reply(agent, id, { status: 'DONE', result: ABSENT });
        left -= 1;
      }
    }
    expect((await Promise.all(asked)).every(({ answered }) => answered)).toBe(true);
  });

  it('because the question is none is not asked', async () => {
    const agent = await newAgent();
    expect(await ask(agent, { request: { key: '' } })).toMatchObject({ answered: false, error: { code: 'INVALID_INPUT' } });
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: 'x'.repeat(3_000_000) } };
    const large = await runAgentTask({ store: gateway.db.store, answers }, { organizationId, clusterId: agent.identity.clusterId, kind: 'DRY_RUN', request: { objects: [object], conflicts: 'REPORT' }, actor: 'user:ada' });
    expect(large).toMatchObject({ answered: false, error: { code: 'LIMIT_EXCEEDED' } });
  });
});
