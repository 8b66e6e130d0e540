import { isMainThread, threadId } from 'node:worker_threads';
import { answerTasks } from './answer-tasks.ts';

/** Tasks that last as long as a spec wants, and tell in which thread they were done. */
export const TASKS = {
  count: ({ to }: { readonly to: number; readonly note?: string }) => {
    let counted = 0;
    while (counted < to) counted += 1;
    return { to: counted, thread: threadId };
  },
  fail: ({ why }: { readonly why: string }): never => {
    throw new TypeError(why);
  },
};

if (!isMainThread) answerTasks(TASKS);
