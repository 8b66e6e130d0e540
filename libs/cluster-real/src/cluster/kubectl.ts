import { MeshfleetError } from '@meshfleet/model';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { bound } from '../bed/managed-process.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { PARTS } from '../parts/part.ts';

/**
 * Runs kubectl against a cluster and returns what it prints.
 * @throws KUBERNETES_REFUSED with kubectl's own words when it fails.
 */
export async function kubectl(kubeconfigFile: string, args: readonly string[], input = ''): Promise<string> {
  const [program, ...rest] = bound([binaryPath(PARTS.kubernetes, 'kubectl'), `--kubeconfig=${kubeconfigFile}`, ...args]);
  const child = spawn(program, rest);
  const exited = once(child, 'exit');
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // 'exit' of a child process has its code first.
  const [code] = (await exited) as [number | null];
  if (code === 0) return out;
  throw new MeshfleetError({ code: 'KUBERNETES_REFUSED', summary: `kubectl ${args.slice(0, 3).join(' ')} failed`, why: problems.trim() });
}
