import { MeshfleetError } from '@meshfleet/model';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Runs a program to its end and returns what it prints.
 * @throws PRECONDITION_FAILED with the program's own words.
 */
export async function runCommand(program: string, args: readonly string[], input = '', options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const child = spawn(program, args, options);
  const closed = new Promise<number | string>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? 'ended');
    });
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (code === 0) return out;
  const words = `${problems.trim()}\n${out.trim()}`.trim().split('\n').slice(-10).join('\n');
  throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: `${program} ${args.slice(0, 4).join(' ')} failed (${code})`, why: words });
}
