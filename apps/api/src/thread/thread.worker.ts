import { renderAndCheck } from '@meshfleet/planner';
import { parentPort } from 'node:worker_threads';
import { analyzeInventory } from '../analysis/analyze-inventory.ts';
import { judgeChange } from '../analysis/judge-change.ts';
import { MANAGED, knownKinds } from '../policy/known-kinds.ts';
import { readManifests } from '../policy/read-manifests.ts';
import { reachOfChange } from '../policy-preview/reach-of-change.ts';
import type { TaskName, ThreadAnswer, ThreadOrder, ThreadTasks } from './thread-tasks.ts';

const TASKS: { readonly [N in TaskName]: (order: ThreadTasks[N]['order']) => ThreadTasks[N]['answer'] } = {
  readManifests,
  renderTemplate: ({ template, cluster }) => renderAndCheck(template, cluster, knownKinds(), { manages: MANAGED }),
  analyzeInventory,
  reachOfChange,
  judgeChange,
};

// A thread of its own, bundled beside the process that starts it: does one thing after another.
parentPort?.on('message', ({ name, order }: ThreadOrder) => {
  let answer: ThreadAnswer;
  try {
    // The order is that of the task it names.
    answer = { answer: TASKS[name](order as never) };
  } catch (error) {
    answer = { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(answer);
});
