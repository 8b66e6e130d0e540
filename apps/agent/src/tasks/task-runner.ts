import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MeshfleetError } from '@meshfleet/model';
import { TASK_KINDS, TASK_REQUESTS, taskListSchema } from '@meshfleet/protocol';
import type { ListedTask, TaskAnswer, TaskKind, TaskRequests, TaskResults } from '@meshfleet/protocol';
import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import { HubError } from '../hub/hub-connection.ts';

/** How each kind of task is done. Whoever answers stops when the signal says that nobody waits any longer. */
export type TaskWork = { readonly [K in TaskKind]: (request: TaskRequests[K], signal: AbortSignal) => Promise<TaskResults[K]> };

export interface TaskRunnerOptions {
  readonly hub: HubConnection;
  signer(): Signer | undefined;
  readonly work: TaskWork;
  readonly signal: AbortSignal;
  onProblem(error: unknown): void;
}

/** Answers what the hub asks, a few questions at a time. Nothing is kept: what is lost on the way is handed out again, or expires. */
export interface TaskRunner {
  /** There are tasks to fetch. */
  announced(): void;
}

const AT_ONCE = 2;
const compress = promisify(gzip);

export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { hub, signal } = options;
  let fetching = false;
  let again = false;

  async function fetchAll(): Promise<void> {
    for (;;) {
      const answer = await hub.send({ method: 'GET', path: '/agent/v1/tasks', signer: options.signer(), signal });
      const parsed = taskListSchema.safeParse(JSON.parse(answer.body.toString('utf8')));
      if (!parsed.success) throw new HubError(0, 'PROTOCOL_UNSUPPORTED', 'The hub listed tasks in a way that this agent does not understand');
      const waiting = [...parsed.data.tasks];
      if (waiting.length === 0) return;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let task = waiting.shift(); task !== undefined && !signal.aborted; task = waiting.shift()) await runOne(task);
        }),
      );
    }
  }

  async function runOne(task: ListedTask): Promise<void> {
    const left = Date.parse(task.deadline) - hub.hubSeconds() * 1000;
    if (left <= 0) return;
    const late = AbortSignal.timeout(left);
    const answer = await answerOf(options.work, task, AbortSignal.any([signal, late]));
    if (late.aborted || signal.aborted) return;
    const text = Buffer.from(JSON.stringify(answer));
    const packed = text.length > 1_024;
    await hub
      .send({ method: 'POST', path: `/agent/v1/tasks/${task.id}`, body: packed ? await compress(text) : text, headers: packed ? { 'content-encoding': 'gzip' } : {}, signer: options.signer(), signal })
      .catch(options.onProblem);
  }

  async function run(): Promise<void> {
    do {
      again = false;
      await fetchAll();
    } while (again && !signal.aborted);
  }

  return {
    announced() {
      again = true;
      if (fetching || signal.aborted) return;
      fetching = true;
      run()
        .catch((error: unknown) => signal.aborted || options.onProblem(error))
        .finally(() => {
          fetching = false;
        });
    },
  };
}

async function answerOf(work: TaskWork, task: ListedTask, signal: AbortSignal): Promise<TaskAnswer> {
  const kind = TASK_KINDS.find((known) => known === task.kind);
  if (kind === undefined) return failed('KindUnknown', `This agent does not know what ${task.kind} is: install the agent that belongs to the hub.`);
  try {
    return { status: 'DONE', result: await perform(work, kind, task.request, signal) };
  } catch (error) {
    return failed(error instanceof MeshfleetError ? error.code : 'AgentError', error instanceof MeshfleetError ? error.summary : 'The agent failed in a way that it should not; see its log');
  }
}

async function perform<K extends TaskKind>(work: TaskWork, kind: K, request: unknown, signal: AbortSignal): Promise<TaskResults[K]> {
  const parsed = TASK_REQUESTS[kind].safeParse(request);
  if (!parsed.success) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `The request is not one that this agent understands: ${parsed.error.issues[0]?.message ?? 'malformed'}` });
  return await work[kind](parsed.data, signal);
}

const failed = (reason: string, message: string): TaskAnswer => ({ status: 'FAILED', error: { reason, message: message.slice(0, 4_096) } });
