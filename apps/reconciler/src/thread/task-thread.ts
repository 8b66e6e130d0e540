import { TaskThread } from '@meshfleet/jobs/thread';
import { TASKS } from './tasks.ts';

/** The one of this process. Its file is beside this one as a source, beside the bundle that this one is part of otherwise. */
export const taskThread = new TaskThread(TASKS, new URL(import.meta.url.endsWith('.ts') ? './thread.worker.ts' : './thread.worker.js', import.meta.url));
