import type { Queue } from 'bullmq';

/**
 * Resolves when no queue has a job that waits or runs. Handlers may add jobs to any queue: only two looks in a row
 * that find nothing count, because a job on its way from one state to another may escape a single one.
 */
export async function drainWorkers(queues: readonly Queue[]): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    quiet = (await isQuiet(queues)) ? quiet + 1 : 0;
    if (quiet < 2) await new Promise((resolve) => setTimeout(resolve, quiet === 0 ? 50 : 10));
  }
}

async function isQuiet(queues: readonly Queue[]): Promise<boolean> {
  const counts = await Promise.all(queues.map((queue) => queue.getJobCounts('waiting', 'active', 'prioritized')));
  return counts.every((count) => Object.values(count).every((jobs) => jobs === 0));
}
