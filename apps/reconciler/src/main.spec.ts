import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.admin.query('delete from organization');
  fleet = testFleet(test, await test.createOrganization());
});

const A = 'ConfigMap/shop/a';

interface Started {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  /** Resolves with the first line, seen already or not, that has this message. */
  said(message: string): Promise<Record<string, unknown>>;
  readonly exit: Promise<number | string>;
}

/** The reconciler as users run it, on the sources. */
function start(args: string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: test.url, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  const waiting: { message: string; resolve: (line: Record<string, unknown>) => void }[] = [];
  createInterface({ input: child.stderr }).on('line', (text) => {
    const line = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { msg: text };
    lines.push(line);
    for (const { message, resolve } of waiting) if (line['msg'] === message) resolve(line);
  });
  return {
    child,
    lines,
    said: (message) => {
      const known = lines.find((line) => line['msg'] === message);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => waiting.push({ message, resolve }));
    },
    exit: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string),
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const outboxRows = async () => (await test.admin.query('select from outbox')).rowCount;

describe('the reconciler process', () => {
  it('in drain mode does all that is due and ends with 0; again, with nothing due, writes nothing', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    const first = start(['--drain']);
    expect(await first.exit).toBe(0);
    expect((await fleet.desiredOf(a)).state.entries).toMatchObject([{ key: A }]);
    expect(await outboxRows()).toBe(0);
    const second = start(['--drain']);
    expect(await second.exit).toBe(0);
    expect(await second.said('drained')).toMatchObject({ rows: 0, jobs: 0, revised: 0 });
    expect((await fleet.desiredOf(a)).revision).toBe(1);
  });

  it('in drain mode finds a change whose event got lost', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '', silent: true });
    expect(await start(['--drain']).exit).toBe(0);
    expect((await fleet.desiredOf(a)).revision).toBe(1);
  });

  it('as a worker carries a change to the clusters, tells how it is, and ends what it does at SIGTERM', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const worker = start([], { PORT: '0', HOST: '127.0.0.1' });
    const { port } = await worker.said('the reconciler works');
    await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    await until(async () => (await fleet.desiredOf(a)).revision === 1);
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${String(port)}${path}`)).text();
    expect(await get('/healthz')).toBe('ok\n');
    expect(await get('/readyz')).toBe('ready\n');
    expect(await get('/metrics')).toContain('meshfleet_revisions_total{process="reconciler"} 1');
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  });

  it('loses no change and repeats none when it is killed again and again while another one works', async () => {
    const ids = await fleet.addClusters(Array.from({ length: 20 }, (_, index) => ({ name: `c${index}`, labels: { half: String(index % 2) } })));
    let victim = start([]);
    const survivor = start([]);
    await Promise.all([victim.said('the reconciler works'), survivor.said('the reconciler works')]);
    for (let round = 0; round < 4; round += 1) {
      for (let change = 0; change < 5; change += 1) {
        await fleet.applyPolicy({ name: `p${change}`, objects: { [`ConfigMap/x/${change}`]: `h${round}` }, clusterSelector: `half=${(change + round) % 2}` });
      }
      victim.child.kill('SIGKILL');
      await victim.exit;
      victim = start([]);
    }
    const converged = async (): Promise<boolean> => {
      const states = await Promise.all(ids.map((id) => fleet.desiredOf(id)));
      return states.every(({ state }, index) => {
        const expected = [0, 1, 2, 3, 4].filter((change) => (change + 3) % 2 === index % 2).map((change) => `ConfigMap/x/${change} h3`);
        return state.entries.map((entry) => `${entry.key} ${entry.hash}`).join() === expected.join();
      });
    };
    await until(async () => (await converged()) && (await outboxRows()) === 0);
    await victim.said('the reconciler works');
    survivor.child.kill('SIGTERM');
    victim.child.kill('SIGTERM');
    expect(await Promise.all([survivor.exit, victim.exit])).toEqual([0, 0]);
    const repeated = await test.admin.query(
      `select from desired_state d join desired_state p on p.cluster_id = d.cluster_id and p.revision = d.revision - 1 and p.digest = d.digest`,
    );
    expect(repeated.rowCount).toBe(0);
  }, 90_000);

  it('after a restore gives every organization a higher epoch and lets agents only observe', async () => {
    const { organizationId } = fleet;
    const run = start(['--restored']);
    expect(await run.exit).toBe(0);
    const { rows } = await test.admin.query('select epoch, mode from organization where id = $1', [organizationId]);
    expect(rows).toEqual([{ epoch: 2, mode: 'OBSERVE' }]);
    const audit = await test.admin.query('select action, actor from audit_event where organization_id = $1', [organizationId]);
    expect(audit.rows).toEqual([{ action: 'hub.restored', actor: 'system:reconciler' }]);
  });

  it('ends with 2 and names the variable when its configuration is wrong', async () => {
    const run = start([], { DATABASE_URL: 'mysql://nope' });
    expect(await run.exit).toBe(2);
    expect(run.lines.at(-1)).toMatchObject({ error: { code: 'CONFIG_INVALID', where: { field: ['DATABASE_URL'] } } });
  });

  it('ends with 1 and says so when the database does not answer', async () => {
    const run = start(['--drain'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    expect(await run.exit).toBe(1);
    expect(run.lines.at(-1)).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
  });
});
