import { join } from 'node:path';
import type { ProcessSpec } from './supervisor.ts';

/**
 * How deploy/agent's image starts the agent; `agent-process.spec.ts` holds the two together. Memory counts more than milliseconds for what idles in
 * every cluster: small semi-spaces, since its garbage is short-lived; no optimizing compilers, which cost 10 MiB and, for so little code, more CPU than
 * they save; a heap that it may clean up itself; and malloc gives back what it does not use.
 */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--optimize-for-size', '--no-opt', '--no-maglev', '--expose-gc'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };

/** The bundled agent as a process, with these variables of its own. */
export function agentProcess(root: string, name: string, env: Record<string, string>): ProcessSpec {
  return { name, nodeOptions: NODE_OPTIONS, script: join(root, 'dist', 'agent', 'main.cjs'), env: { ...ENVIRONMENT, ...env } };
}
