import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';

it('gives each port to one bed, and again when it is given back', async () => {
  const claims = await Promise.all(Array.from({ length: 20 }, () => freePorts(10)));
  const all = claims.flatMap(({ ports }) => ports);
  expect(new Set(all).size).toBe(200);
  for (const claim of claims) claim.release();
});

it('keeps its ports from the outgoing connections of the machine', async () => {
  const { ports, release } = await freePorts(5);
  const [first = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
  expect(ports.every((port) => port < first)).toBe(true);
  release();
});

it('takes none on which somebody listens', async () => {
  const { ports: [taken = 0], release } = await freePorts(1);
  release();
  const server = createServer().listen(taken, '127.0.0.1');
  await once(server, 'listening');
  const { ports, release: giveBack } = await freePorts(1, taken);
  expect(ports).toEqual([taken + 1]);
  giveBack();
  server.close();
});

it('has the ports of a bed free again when its process is killed', async () => {
  const code = `const { freePorts } = await import(${JSON.stringify(join(import.meta.dirname, 'free-ports.ts'))}); console.log((await freePorts(1)).ports[0]); setInterval(() => undefined, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(other.stdout, 'data')) as [Buffer]; // the one line that it prints
  const port = Number(line.toString());
  const next = await freePorts(1, port);
  expect(next.ports).not.toEqual([port]);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const again = await freePorts(1, port);
  expect(again.ports).toEqual([port]);
  next.release();
  again.release();
});
