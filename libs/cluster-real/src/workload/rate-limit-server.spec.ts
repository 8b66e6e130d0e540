import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRateLimitServer } from './rate-limit-server.ts';

const server = createRateLimitServer(2);
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
});
afterAll(() => {
  server.close();
});

function ask(question: string, path = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit'): Promise<{ code: number | undefined; status: unknown }> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
    const chunks: Buffer[] = [];
    let status: unknown;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
    stream.on('end', () => {
      session.close();
      resolve({ code: Buffer.concat(chunks)[6], status });
    });
    stream.on('error', reject);
    stream.end(question);
  });
}

it('lets so many of each question pass, and refuses the rest', async () => {
  const codes = [];
  for (const question of ['a', 'a', 'b', 'a', 'b', 'b']) codes.push((await ask(question)).code);
  expect(codes).toEqual([1, 1, 1, 2, 1, 2]);
});

it('knows no other call', async () => {
  expect(await ask('a', '/other')).toEqual({ code: undefined, status: '12' });
});
