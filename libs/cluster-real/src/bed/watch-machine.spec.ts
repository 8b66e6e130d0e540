import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namespaceLimit } from '../parts/machine.ts';
import { openNetwork } from '../network/bed-network.ts';
import { openBed } from './bed.ts';
import { firewallRules, watchMachine } from './watch-machine.ts';

describe('what a run leaves behind', () => {
  it('is nothing where nothing was left, and the watch itself leaves nothing', () => {
    const watch = watchMachine();
    expect(notOfOthers(watch.leftovers())).toEqual([]);
    watch.end();
    expect(existsSync(watch.environment.TMPDIR)).toBe(false);
  });

  it('is a file, a process with its port, and one that knows the folder only by its arguments', async () => {
    const watch = watchMachine();
    const forgotten = join(watch.environment.TMPDIR, 'meshfleet-forgotten');
    const server = spawn(process.execPath, ['-e', SERVE], { env: { ...process.env, ...watch.environment }, stdio: ['ignore', 'pipe', 'inherit'] });
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)', forgotten], { env: {}, stdio: 'ignore' });
    const [port] = (await once(server.stdout, 'data')) as [Buffer]; // the one line that it prints
    writeFileSync(forgotten, '');
    const left = watch.leftovers();
    server.kill();
    other.kill();
    rmSync(forgotten);
    const gone = Promise.all([once(server, 'exit'), once(other, 'exit')]);
    expect(left).toContain(`file ${forgotten}`);
    expect(left.find((line) => line.startsWith(`process ${server.pid}: `))).toContain(`127.0.0.1:${port.toString().trim()}`);
    expect(left.some((line) => line.startsWith(`process ${other.pid}: `))).toBe(true);
    await gone;
    expect(notOfOthers(watch.leftovers())).toEqual([]);
    watch.end();
  });
});

/** Tests of other files start processes out of this working copy at any time. */
function notOfOthers(left: readonly string[]): string[] {
  return left.filter((line) => line.startsWith('file '));
}

const namespaces = namespaceLimit();
describe.skipIf(namespaces !== undefined)(`what a run leaves in the kernel${namespaces === undefined ? '' : ` (not run: ${namespaces})`}`, () => {
  it('is a namespace, a link and a rule that nobody owns', () => {
    const watch = watchMachine();
    const rule = ['OUTPUT', '-d', '198.51.100.77', '-j', 'ACCEPT'];
    run('ip', 'netns', 'add', 'mfforgot-0101');
    run('ip', 'link', 'add', 'mfbforgot', 'type', 'bridge');
    run('iptables', '-A', ...rule);
    const left = watch.leftovers();
    watch.end();
    run('iptables', '-D', ...rule);
    run('ip', 'link', 'delete', 'mfbforgot');
    run('ip', 'netns', 'delete', 'mfforgot-0101');
    expect(left).toContain('network namespace mfforgot-0101');
    expect(left).toContain('link mfbforgot');
    expect(left.some((line) => line.startsWith('iptables-save: ') && line.includes('198.51.100.77'))).toBe(true);
  });

  it('is nothing of a bed that somebody runs just now', async () => {
    const watch = watchMachine();
    const bed = openBed();
    await (await openNetwork(bed)).createNamespace();
    const left = watch.leftovers();
    watch.end();
    bed.close();
    expect(left.filter((line) => line.includes(bed.id))).toEqual([]);
  });
});

const SERVE = `const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));`;

function run(program: string, ...args: string[]): void {
  expect(spawnSync(program, args, { encoding: 'utf8' })).toMatchObject({ status: 0 });
}

it('takes a table that was only looked into for nothing, and tells rules, chains and policies', () => {
  expect(firewallRules(['# Generated', '*filter', ':INPUT ACCEPT [12:840]', ':FORWARD ACCEPT [0:0]', 'COMMIT', '# Completed'])).toEqual([]);
  expect(firewallRules(['*nat', ':PREROUTING ACCEPT [0:0]', ':MF - [0:0]', '-A PREROUTING -j MF', 'COMMIT', '*filter', ':FORWARD DROP [3:9]', 'COMMIT'])).toEqual(['nat :MF -', 'nat -A PREROUTING -j MF', 'filter :FORWARD DROP']);
});
