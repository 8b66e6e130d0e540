import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = new URL('./main.ts', import.meta.url).pathname;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cluster-sim-main-'))));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, ...args], { cwd: folder });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { child, ended, out: () => out, err: () => err };
}

describe('the cluster-sim command', { timeout: 60_000 }, () => {
  it('prints the line to copy, serves, and leaves nothing behind after Ctrl-C', async () => {
    const run = start('--name', 'east', '--shop', '--istio-crds');
    await expect.poll(run.out, { timeout: 40_000 }).toContain('Ctrl-C stops it.');
    const file = join(folder, 'east.kubeconfig');
    expect(run.out()).toContain(`export KUBECONFIG=${file}`);
    expect(readFileSync(file, 'utf8')).toContain('server: https://127.0.0.1:');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(existsSync(file)).toBe(false);
    expect(run.err()).toBe('');
  });

  it('says what is wrong with an option, and how it is used', async () => {
    const run = start('--port', 'eighty');
    expect(await run.ended).toBe(2);
    expect(run.err()).toContain('--port must be a number from 0 to 65535, not "eighty"');
    expect(run.err()).toContain('--kubeconfig <file>');
  });

  it('tells what it can do', async () => {
    const run = start('--help');
    expect(await run.ended).toBe(0);
    expect(run.out()).toContain('Starts a simulated Kubernetes cluster');
  });

  it('says that a port is in use', async () => {
    const first = start('--name', 'one', '--nodes', '0');
    await expect.poll(first.out, { timeout: 40_000 }).toContain('Ctrl-C stops it.');
    const port = /127\.0\.0\.1:(\d+)/.exec(first.out())?.[1] ?? '';
    const second = start('--name', 'two', '--port', port);
    expect(await second.ended).toBe(1);
    expect(second.err()).toContain(`cannot listen on port ${port}`);
    expect(second.err()).not.toContain('    at ');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });
});
