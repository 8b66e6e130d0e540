import { answerTasks } from '@meshfleet/jobs/thread';
import { TASKS } from './tasks.ts';

// A thread of its own, bundled beside the process that starts it.
answerTasks(TASKS);
