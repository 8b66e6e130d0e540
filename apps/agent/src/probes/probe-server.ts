import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MeshfleetError } from '@meshfleet/model';

export interface ProbeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/healthz`, `/readyz` and `/metrics`, without TLS and without anything secret in them. */
export async function startProbes(options: { port: number; ready(): boolean; metrics(): string }): Promise<ProbeServer> {
  const server = createServer((request, answer) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/healthz' || path === '/livez') answer.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    else if (path === '/readyz') answer.writeHead(options.ready() ? 200 : 503, { 'content-type': 'text/plain' }).end(options.ready() ? 'ok\n' : 'not ready\n');
    else if (path === '/metrics') answer.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(options.metrics());
    else answer.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const summary = cause.code === 'EADDRINUSE' ? `Port ${String(options.port)} of the probes is in use` : `Port ${String(options.port)} of the probes cannot be opened`;
      reject(new MeshfleetError({ code: 'CONFIG_INVALID', summary, fix: 'Set PORT to a free port, or to 0 for no probes.' }, { cause }));
    });
    server.listen(options.port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
