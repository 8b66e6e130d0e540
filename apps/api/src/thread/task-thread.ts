import { TaskThread } from '@meshfleet/jobs/thread';
import { TASKS } from './tasks.ts';

export type ApiThread = TaskThread<typeof TASKS>;

export function createApiThread(): ApiThread {
  // Beside this file as a source, beside the bundle that this file is part of otherwise.
  return new TaskThread(TASKS, new URL(import.meta.url.endsWith('.ts') ? './thread.worker.ts' : './thread.worker.js', import.meta.url));
}

/** The one of this process. */
export const taskThread = createApiThread();
