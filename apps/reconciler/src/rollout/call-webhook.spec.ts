import { verifyWebhook, webhookKeyOf } from '@meshfleet/pki';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebhookCaller } from './call-webhook.ts';
import type { WebhookOptions } from './call-webhook.ts';

const key = Buffer.alloc(32, 3);
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    answer(request, response, body);
  });
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (url: string, options: Partial<WebhookOptions> = {}) =>
  createWebhookCaller({ key, allowedHosts: new Set(['localhost', 'gate.internal']), now: () => new Date(1_000_000), ...options })({
    organizationId: 'o',
    rolloutId: 'r',
    policy: 'strict-mtls',
    version: 4,
    wave: 1,
    waveName: 'canary',
    attempt: 2,
    url,
  });

describe('the webhook of a gate', () => {
  it('gets a signed word of what is asked, and its answer is taken', async () => {
    answer = (request, response, body) => {
      expect(verifyWebhook(webhookKeyOf(key, 'o'), body, String(request.headers['meshfleet-signature']), 1_000)).toBe(true);
      expect(JSON.parse(body)).toEqual({ type: 'rollout.gate', organizationId: 'o', rolloutId: 'r', policy: 'strict-mtls', version: 4, wave: 1, waveName: 'canary', attempt: 2 });
      response.end('{"result": "FAIL", "message": "error rate 4 %"}');
    };
    expect(await ask(`http://localhost:${port}/gate`)).toEqual({ wave: 1, attempt: 2, answer: 'FAIL', evidence: 'error rate 4 %' });
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['a redirect is not followed', (response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/else` }).end(), 'it answered 302'],
    ['a failure', (response) => response.writeHead(500).end(), 'it answered 500'],
    ['something else', (response) => response.end('OK'), 'its answer is not'],
    ['too much', (response) => response.end('x'.repeat(100_000)), 'longer than 16384 bytes'],
    ['nothing', () => undefined, 'no answer within 0.2 s'],
  ])('%s: is a WAIT that says so', async (_what, act, word) => {
    answer = (_request, response) => {
      act(response);
    };
    const said = await ask(`http://localhost:${port}/`, { timeoutMs: 200 });
    expect(said).toMatchObject({ answer: 'WAIT' });
    expect(said.evidence).toContain(word);
  });

  it('never reaches what is not on the internet, by name or by number, unless it is allowed by name', async () => {
    const before = asked;
    for (const url of [`http://127.0.0.1:${port}/`, `http://[::1]:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`, 'http://169.254.169.254/latest/meta-data/', `http://2130706433:${port}/`]) {
      expect((await ask(url)).evidence).toContain('is not on the internet');
    }
    const rebinding = () => Promise.resolve([{ address: '93.184.216.34', family: 4 }, { address: '10.0.0.1', family: 4 }]);
    expect((await ask('http://gate.example/', { resolve: rebinding })).evidence).toContain('is not on the internet');
    expect(asked).toBe(before);
  });

  it('is connected to the address that was checked, whatever the name says later', async () => {
    answer = (request, response) => {
      response.end(JSON.stringify({ result: 'PASS', message: String(request.headers.host) }));
    };
    let times = 0;
    const said = await ask(`http://gate.internal:${port}/`, { resolve: () => Promise.resolve([{ address: (times += 1) === 1 ? '127.0.0.1' : '10.9.9.9', family: 4 }]) });
    expect([said.answer, said.evidence, times]).toEqual(['PASS', `gate.internal:${port}`, 1]);
  });

  it('has one deadline, for the name server too', async () => {
    const said = await ask(`http://gate.internal:${port}/`, { timeoutMs: 50, resolve: () => new Promise(() => undefined) });
    expect(said).toMatchObject({ answer: 'WAIT', evidence: 'no answer within 0.05 s' });
  });

  it('is not called without a key to sign with', async () => {
    expect((await ask(`http://localhost:${port}/`, { key: undefined })).evidence).toContain('MESHFLEET_KEY');
  });
});
