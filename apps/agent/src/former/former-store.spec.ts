import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RESOURCES } from '@meshfleet/kube';
import { startTestCluster } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import { createFormerStore, FORMER_SECRET } from './former-store.ts';
import type { FormerStore } from './former-store.ts';

const NAMESPACE = 'meshfleet-system';
let test: TestCluster;
beforeAll(async () => {
  test = await startTestCluster();
});
afterAll(() => test.close());

const problems: unknown[] = [];
async function open(): Promise<FormerStore> {
  const store = createFormerStore(test.admin, NAMESPACE, (error) => problems.push(error));
  await store.load();
  return store;
}
const record = (value: string) => ({ uid: 'u', fields: { 'f:spec': { 'f:hosts': {} } }, values: { spec: { hosts: [value] } } });
const writes = () => test.cluster.auditLog().filter(({ name, verb }) => name === FORMER_SECRET && verb !== 'get').length;

it('keeps what was there over restarts, and forgets it for good', async () => {
  const first = await open();
  expect(await first.remember('a', record('x'))).toBe(true);
  await first.remember('b', record('y'));
  await first.forget('b');
  const second = await open();
  expect([second.of('a'), second.of('b'), second.size]).toEqual([record('x'), undefined, 1]);
  await second.forget('a');
  expect((await open()).size).toBe(0);
});

it('writes once for many that come at a time, and not at all for what it knows', async () => {
  const store = await open();
  const from = writes();
  await Promise.all(Array.from({ length: 40 }, (_, index) => store.remember(`k${String(index)}`, record('x'))));
  expect(writes() - from).toBeLessThan(5);
  expect((await open()).size).toBe(40);
  const after = writes();
  await store.remember('k0', record('x'));
  await store.forget('never-there');
  expect(writes()).toBe(after);
});

it('says when there is no room, and keeps what it had', async () => {
  const store = await open();
  const noise = (bytes: number) => randomBytes(bytes).toString('base64');
  expect(await store.remember('huge', record(noise(60_000)))).toBe(false);
  let taken = 0;
  while (taken < 40 && (await store.remember(`large-${String(taken)}`, record(noise(40_000))))) taken += 1;
  expect(taken).toBeGreaterThan(5);
  expect(taken).toBeLessThan(40);
  expect(store.of(`large-${String(taken)}`)).toBeUndefined();
  expect((await open()).of('k0')).toEqual(record('x'));
}, 60_000);

it('keeps how an object stood beneath a version only while there is room for what was taken of others', async () => {
  const store = await open();
  const noise = (bytes: number) => randomBytes(bytes).toString('base64');
  const beneath = (bytes: number) => ({ under: 'd', own: { spec: { hosts: [noise(bytes)] } } });
  for (let index = 0; index < 40; index += 1) await store.forget(`large-${String(index)}`);
  expect(await store.remember('small', { ...record('x'), beneath: beneath(10) })).toBe(true);
  expect(await store.remember('large', { ...record('x'), beneath: beneath(60_000) })).toBe(true);
  const again = await open();
  expect(again.of('small')?.beneath?.under).toBe('d');
  expect(again.of('large')).toEqual(record('x'));
});

it('starts with nothing, and says so, when what it kept cannot be read', async () => {
  const secret = await test.admin.get(RESOURCES.secrets, NAMESPACE, FORMER_SECRET);
  await test.admin.update(RESOURCES.secrets, { ...secret, data: { content: Buffer.from('spoilt').toString('base64') } });
  const before = problems.length;
  const store = await open();
  expect([store.size, problems.length - before]).toEqual([0, 1]);
  expect(await store.remember('a', record('x'))).toBe(true);
});
