import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRedis {
  readonly url: string;
  /** Kills it, with all it held, and starts an empty one where it was. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Redis for specs, if this machine has one; else the reason why not. */
export async function startRedis(): Promise<TestRedis | { readonly why: string }> {
  const program = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (program === undefined) return { why: 'no redis-server or valkey-server on PATH' };
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-redis-'));
  let server = await startServer(program, port, folder);
  return {
    url: `redis://127.0.0.1:${port}`,
    replace: async () => {
      await endServer(server, 'SIGKILL');
      server = await startServer(program, port, folder);
    },
    stop: async () => {
      await endServer(server, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Keeps nothing on the disk. */
async function startServer(program: string, port: number, folder: string): Promise<ChildProcess> {
  const server = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
    server.stdout.on('data', (text: Buffer) => {
      if (text.toString().includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

async function endServer(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
