import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** A task of Istio's documentation: presets that do it, or why none does. */
const task = z.union([z.strictObject({ task: z.string(), presets: z.array(z.string()).min(1) }), z.strictObject({ task: z.string(), why: z.string() })]);
const topics = z.array(z.strictObject({ topic: z.string(), tasks: z.array(task).min(1) }));

/** The tasks of Istio's documentation by topic, as docs/presets/istio-tasks.json has them; kept by hand, for they change twice a year. */
export function readIstioTasks(): z.output<typeof topics> {
  return topics.parse(JSON.parse(readFileSync(join(import.meta.dirname, '..', 'presets', 'istio-tasks.json'), 'utf8')));
}
