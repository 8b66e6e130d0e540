import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from './directory-lock.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import type { EmbeddedPostgres } from './start-embedded-postgres.ts';

let folder: string;
let dataDir: string;
const started: EmbeddedPostgres[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-embedded-'));
  chmodSync(folder, 0o755); // as any user's directory is; what only root may enter has a test of its own
  dataDir = join(folder, 'postgres');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, persistent: true, ...options });
  started.push(server);
  return server;
}

async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The same in a process of its own, that says "up <pid of the server>" and then waits. */
async function startInChild(persistent: boolean): Promise<{ kill(signal: NodeJS.Signals): Promise<void>; server: number; url: string }> {
  const { child, kill } = spawnStart(persistent);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const { pid, url } = JSON.parse(said.toString()) as { pid: number; url: string };
  return { server: pid, url, kill };
}

function spawnStart(persistent: boolean) {
  const source = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./start-embedded-postgres.ts', import.meta.url).href)};
    const server = await startEmbeddedPostgres({ dataDir: process.argv[1], persistent: ${persistent} });
    console.log(JSON.stringify({ pid: server.pid, url: server.url }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    child,
    kill: async (signal: NodeJS.Signals): Promise<void> => {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

describe('the embedded Postgres', () => {
  it('starts on a free port of 127.0.0.1, and needs its password', async () => {
    const server = await start();
    expect(new URL(server.url)).toMatchObject({ hostname: '127.0.0.1', port: String(server.port), pathname: '/meshfleet' });
    expect(await sql(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const guess = new URL(server.url);
    guess.password = 'guess';
    await expect(sql(guess.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('has the data of the first start at the second, and waits for the disk', async () => {
    const first = await start();
    await sql(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(await sql(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await sql(second.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('leaves nothing behind when it is not persistent', async () => {
    const server = await start({ persistent: false });
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves its data directory alone behind when it is persistent', async () => {
    await (await start()).stop();
    expect(readdirSync(folder)).toEqual(['postgres']);
    expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(false);
  });

  it('ends when the process that started it is killed, and its data are whole', async () => {
    const child = await startInChild(true);
    await sql(child.url, 'create table kept as select 1 as one');
    await child.kill('SIGKILL');
    await expect.poll(() => isAlive(child.server), { timeout: 15_000 }).toBe(false);
    const server = await start();
    expect(await sql(server.url, 'select one from kept')).toEqual([{ one: 1 }]);
  });

  it('removes what was not to stay when the process that started it is killed', async () => {
    const child = await startInChild(false);
    await child.kill('SIGKILL');
    await expect.poll(() => readdirSync(folder), { timeout: 15_000 }).toEqual([]);
    expect(isAlive(child.server)).toBe(false);
  });

  it('leaves nothing behind either when it is killed while it still sets up the data', async () => {
    const { kill } = spawnStart(false);
    await expect.poll(() => readdirSync(folder), { interval: 5, timeout: 10_000 }).toContain('postgres.new');
    await kill('SIGKILL');
    // Long enough for an initdb that outlived its parent to make something of the directory again.
    await expect.poll(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return readdirSync(folder);
    }, { timeout: 15_000 }).toEqual([]);
  });

  it('takes over at once from a process that was killed, while its server still runs', async () => {
    const child = await startInChild(true);
    await child.kill('SIGKILL');
    const server = await start();
    // Ended by then, it still has its number until whoever adopted it has taken note.
    await expect.poll(() => isAlive(child.server), { timeout: 20_000 }).toBe(false);
    expect(await sql(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts again after the server itself was killed, over its stale postmaster.pid', async () => {
    const first = await start();
    await sql(first.url, 'create table kept as select 7 as seven');
    process.kill(first.pid, 'SIGKILL');
    await expect.poll(() => isAlive(first.pid)).toBe(false);
    await first.stop();
    writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`); // a pid that is somebody else's by now
    const second = await start();
    expect(await sql(second.url, 'select seven from kept')).toEqual([{ seven: 7 }]);
  });

  it('comes up again on its port by itself when it is killed, with all that was committed, and says so', async () => {
    const ended: unknown[] = [];
    const server = await start({ onEnded: (how) => ended.push(how) });
    await sql(server.url, 'create table kept as select 7 as seven');
    const first = server.pid;
    process.kill(first, 'SIGKILL');
    await expect.poll(() => sql(server.url, 'select seven from kept').catch(() => undefined), { timeout: 20_000 }).toEqual([{ seven: 7 }]);
    expect(server.pid).not.toBe(first);
    expect(ended[0]).toBe('SIGKILL');
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('stays down when it is stopped while it is being started again', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await expect.poll(() => isAlive(server.pid)).toBe(false);
    await server.stop();
    await expect(sql(server.url, 'select 1')).rejects.toThrow();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('can be stopped twice', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
  });
});

describe('the embedded Postgres refuses with a word on what to do', () => {
  it('when its port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: `Port ${port} is in use`, fix: expect.stringContaining('another port') as string });
    await new Promise((resolve) => other.close(resolve));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when another process works on the directory', async () => {
    const child = await startInChild(true);
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: expect.stringMatching(/in use by process \d+$/) as string });
    await child.kill('SIGTERM');
    await expect.poll(() => isAlive(child.server), { timeout: 15_000 }).toBe(false);
  });

  it('when this process works on the directory already', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: expect.stringContaining('is in use') as string });
  });

  it('when the data are of another version', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'PG_VERSION'), '12\n');
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: expect.stringContaining('written by Postgres 12') as string, fix: expect.stringContaining('pg_dump') as string });
  });

  it('when the directory holds something else, which it does not touch', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'thesis.txt'), 'precious');
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', why: 'it holds files but no PG_VERSION' });
    await expect(start({ persistent: false })).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: expect.stringContaining('is not empty') as string });
    expect(readFileSync(join(dataDir, 'thesis.txt'), 'utf8')).toBe('precious');
  });

  it('when it shall not persist what another start has made to persist', async () => {
    const server = await start();
    await sql(server.url, 'create table kept as select 1 as one');
    await server.stop();
    await expect(start({ persistent: false })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await sql((await start()).url, 'select one from kept')).toEqual([{ one: 1 }]);
  });

  it('when the directory cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(start({ dataDir: join(folder, 'file', 'data') })).rejects.toMatchObject({ code: 'CONFIG_INVALID', why: 'a part of this path is a file' });
  });
});
