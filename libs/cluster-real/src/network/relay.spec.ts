import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openRelay, type Relay } from './relay.ts';

let server: Server;
let relay: Relay;

afterEach(async () => {
  await relay.close();
  server.close();
});

async function open(): Promise<void> {
  server = createServer((_, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  relay = await openRelay('127.0.0.1', { host: '127.0.0.1', port: (server.address() as AddressInfo).port });
}

function ask(): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port: relay.port, timeout: 300, agent: false }, (response) => {
      response.resume();
      response.on('end', () => {
        resolve('answered');
      });
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      resolve('silent');
    });
    outgoing.end();
  });
}

it('passes on what comes', async () => {
  await open();
  expect(await ask()).toBe('answered');
});

it('is silent while it is cut, refuses nothing, and goes on when it is mended', async () => {
  await open();
  relay.cut();
  expect(await ask()).toBe('silent');
  relay.mend();
  expect(await ask()).toBe('answered');
});
