import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '@meshfleet/telemetry';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/healthz` (the process turns), `/readyz` (the database answers), `/metrics`. Nothing else is served. */
export async function serveHealth(options: { port: number; host: string; metrics: Metrics; ready: () => Promise<void> }): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'method not allowed\n');
    else if (path === '/healthz') answer(200, 'ok\n');
    else if (path === '/readyz') options.ready().then(() => answer(200, 'ready\n'), () => answer(503, 'the database does not answer\n'));
    else if (path === '/metrics') options.metrics.expose().then(({ contentType, body }) => answer(200, body, contentType), () => answer(500, 'no figures\n'));
    else answer(404, 'not found\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port, // listening on TCP
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
