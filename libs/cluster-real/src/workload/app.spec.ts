import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../bed/free-ports.ts';
import { createServingCertificate } from '../cluster/certificates.ts';
import type { RealPod } from '../node/run-pod.ts';
import { behave, callFrom, sendTraffic, servedBy, startTraffic } from './caller.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshfleet-app-'));
// Callers need a pod's name and folder, no more.
const pod = { name: 'app', folder } as RealPod;
let child: ChildProcess;
let url: string;
let closed: string;

beforeAll(async () => {
  const { ports: [port = 0, nobody = 0] } = await freePorts(2);
  url = `http://127.0.0.1:${port}`;
  closed = `http://127.0.0.1:${nobody}/`;
  child = spawn(process.execPath, [join(import.meta.dirname, 'app.ts')], {
    stdio: 'inherit',
    env: { PORT: String(port), APP_NAME: 'echo', APP_VERSION: 'v2', APP_CLUSTER: 'east', POD_NAME: 'echo-1', MESHFLEET_CONTROL_SOCKET: join(folder, 'control') },
  });
  for (let round = 0; round < 100; round += 1) {
    const code = await callFrom(pod, { url }).then((answer) => answer.code, () => undefined);
    if (code === 200) return;
    await sleep(50);
  }
});
afterAll(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it('says who answered, and what it was asked', async () => {
  const answer = await callFrom(pod, { url: `${url}/a/b`, method: 'POST', headers: { 'x-who': 'me' } });
  expect(answer).toMatchObject({ code: 200, version: 'v2', pod: 'echo-1', cluster: 'east' });
  expect(JSON.parse(answer.body ?? '')).toMatchObject({ name: 'echo', method: 'POST', path: '/a/b', headers: { 'x-who': 'me' } });
});

it('tells a refused connection and a missing answer from each other', async () => {
  expect(await callFrom(pod, { url: closed })).toEqual({ error: 'ECONNREFUSED' });
  expect(await callFrom(pod, { url, headers: { 'x-app-delay-ms': '2000' }, timeoutMs: 100 })).toEqual({ error: 'TIMEOUT' });
});

it('sends as many calls as asked for and counts each once', async () => {
  const counts = await sendTraffic(pod, { url, perSecond: 500, total: 100 });
  expect(counts).toEqual({ sent: 100, answered: 100, byCode: { 200: 100 }, byVersion: { v2: 100 }, byCluster: { east: 100 }, byError: {}, byProxyError: {} });
});

it('goes on at its rate when nobody answers, and counts errors apart from codes', async () => {
  const traffic = await startTraffic(pod, { url: closed, perSecond: 200 });
  while ((await traffic.counts()).sent < 20) await sleep(20);
  const counts = await traffic.stop();
  expect(counts.answered).toBe(0);
  expect(counts.byError).toEqual({ ECONNREFUSED: counts.sent });
});

it('fails and takes its time when told to, but for probes, and counts what it was sent', async () => {
  const before = await servedBy(pod);
  await behave(pod, { status: 503, delayMs: 50 });
  const from = performance.now();
  expect(await callFrom(pod, { url })).toMatchObject({ code: 503, pod: 'echo-1' });
  expect(performance.now() - from).toBeGreaterThan(45);
  expect(await callFrom(pod, { url: `${url}/healthz` })).toMatchObject({ code: 200 });
  await behave(pod, {});
  expect(await callFrom(pod, { url })).toMatchObject({ code: 200 });
  expect((await servedBy(pod)) - before).toBe(2);
});

it('announces no end of idle connections, which a proxy could run into', async () => {
  const response = await fetch(url, { headers: { connection: 'keep-alive' } });
  await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get('keep-alive')).toBeNull();
});

it('answers with the status that a request asks for', async () => {
  expect(await callFrom(pod, { url, headers: { 'x-app-status': '502' } })).toMatchObject({ code: 502, pod: 'echo-1' });
});

it('calls over TLS and believes the roots that it is given alone', async () => {
  const { caPem: ca, certPem: cert, keyPem: key } = await createServingCertificate('app', new Date());
  const server = createServer({ cert, key }, (_, outgoing) => outgoing.end('secret')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const secure = `https://localhost:${(server.address() as AddressInfo).port}/`; // listens on TCP
  expect(await callFrom(pod, { url: secure, ca })).toMatchObject({ code: 200, body: 'secret' });
  expect(await callFrom(pod, { url: secure })).toEqual({ error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  expect(await callFrom(pod, { url: secure, ca, serverName: 'other.example.com' })).toEqual({ error: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  server.close();
});

it('says that a pod which does not run takes no commands', async () => {
  const gone = { name: 'gone', folder: join(folder, 'gone') } as RealPod;
  await expect(callFrom(gone, { url })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
});
