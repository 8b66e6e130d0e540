import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer, ThreadOrder, ThreadTasks } from './thread-tasks.ts';

/** The other end of a `TaskThread`: does one thing after another in the thread that it is called in. */
export function answerTasks(tasks: ThreadTasks): void {
  parentPort?.on('message', ({ name, order }: ThreadOrder) => {
    let answer: ThreadAnswer;
    try {
      // The order is that of the task it names.
      answer = { answer: tasks[name]?.(order as never) };
    } catch (error) {
      answer = { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    parentPort?.postMessage(answer);
  });
}
