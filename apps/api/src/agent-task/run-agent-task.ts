import { MeshfleetError, type ErrorEnvelope } from '@meshfleet/model';
import { TASK_LIMIT, TASK_REQUESTS, TASK_RESULTS, type TaskKind, type TaskRequests, type TaskResults } from '@meshfleet/protocol';
import { createAgentTask, forgetAgentTask, readAgentTask, readTaskTarget, uuidv7, type AgentTaskRow, type Store } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { whyNotAsked } from './why-not-asked.ts';
import type { TaskAnswers } from './task-answers.ts';

export interface TaskQuestion<K extends TaskKind> {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly kind: K;
  readonly request: TaskRequests[K];
  /** `user:…`, as in the audit log. */
  readonly actor: string;
  /** How long to wait: by default 10 s, at most 60 s. */
  readonly timeoutMs?: number;
}

/** What the agent says, or why it says nothing. */
export type TaskOutcome<K extends TaskKind> = { readonly answered: true; readonly result: TaskResults[K] } | { readonly answered: false; readonly error: ErrorEnvelope };

const TIMEOUT_MS = 10_000;
const LONGEST_MS = 60_000;
/** Notices may be lost. */
const LOOK_MS = 2_000;

/**
 * Asks the agent of a cluster, and waits for its answer. A cluster that cannot answer is not asked: the reason comes at once. Whoever asks has been
 * allowed to see the cluster. Needs a transaction of its own: call it outside of one.
 */
export async function runAgentTask<K extends TaskKind>({ store, answers }: { readonly store: Store; readonly answers: TaskAnswers }, question: TaskQuestion<K>): Promise<TaskOutcome<K>> {
  const { organizationId, clusterId, kind } = question;
  const withinMs = Math.min(Math.max(question.timeoutMs ?? TIMEOUT_MS, 1), LONGEST_MS);
  const invalid = checkRequest(kind, question.request);
  if (invalid !== undefined) return { answered: false, error: invalid };

  const id = uuidv7(new Date(), randomBytes(10));
  const awaited = answers.await(id);
  try {
    const refusal = await store.transaction(organizationId, async (tx) => {
      const why = whyNotAsked(await readTaskTarget(tx, clusterId));
      if (why === undefined) await createAgentTask(tx, { id, clusterId, kind, request: question.request, withinMs, createdBy: question.actor });
      return why;
    });
    if (refusal !== undefined) return { answered: false, error: refusal };
    const end = performance.now() + withinMs;
    for (;;) {
      const left = end - performance.now();
      if (left > 0) await awaited.next(Math.min(left, LOOK_MS));
      const task = await store.transaction(organizationId, (tx) => readAgentTask(tx, id), { readOnly: true });
      if (left > 0 && task?.status === 'PENDING') continue;
      if (task?.status === 'DONE' || task?.status === 'FAILED') await store.transaction(organizationId, (tx) => Promise.resolve(forgetAgentTask(tx, id)));
      return outcomeOf(kind, task, withinMs);
    }
  } catch (error) {
    if (error instanceof MeshfleetError) return { answered: false, error: error.toEnvelope() };
    throw error;
  } finally {
    awaited.end();
  }
}

function checkRequest<K extends TaskKind>(kind: K, request: TaskRequests[K]): ErrorEnvelope | undefined {
  const parsed = TASK_REQUESTS[kind].safeParse(request);
  const issue = parsed.error?.issues[0];
  if (issue !== undefined) return { code: 'INVALID_INPUT', summary: 'The agent cannot be asked this', why: `${issue.path.join('.')}: ${issue.message}`, fix: 'Ask for less at a time, or correct what is named.' };
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= TASK_LIMIT) return undefined;
  return { code: 'LIMIT_EXCEEDED', summary: `The question is ${bytes} bytes long, and ${TASK_LIMIT} are the most`, why: 'an agent is small, and reads a question as a whole', fix: 'Ask for fewer objects at a time.' };
}

function outcomeOf<K extends TaskKind>(kind: K, task: AgentTaskRow | undefined, withinMs: number): TaskOutcome<K> {
  if (task?.status === 'DONE') return { answered: true, result: TASK_RESULTS[kind].parse(task.result) };
  if (task?.status === 'FAILED') {
    const { reason, message } = task.result as { reason: string; message: string }; // checked by taskAnswerSchema when it was taken
    return { answered: false, error: { code: 'TASK_FAILED', summary: message === '' ? reason : message, why: reason, fix: 'The log of the agent says more.' } };
  }
  return { answered: false, error: { code: 'TASK_EXPIRED', summary: 'The agent did not answer in time', why: `it had ${Math.round(withinMs / 1000)} s`, fix: 'Ask again; a busy cluster or a large question takes longer.' } };
}
