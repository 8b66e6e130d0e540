import { MeshfleetError } from '@meshfleet/model';
import type { Metrics } from '@meshfleet/telemetry';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/metrics` on a port of its own: figures are for those who run the process, and the public port is everybody's.
 * @throws MeshfleetError CONFIG_INVALID when the port cannot be opened
 */
export async function serveMetrics({ port, host, metrics }: { readonly port: number; readonly host: string; readonly metrics: Metrics }): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if ((request.url ?? '').split('?')[0] !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    metrics.expose().then(
      ({ contentType, body }) => response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new MeshfleetError({ code: 'CONFIG_INVALID', summary: `Port ${port} for metrics cannot be opened`, why: cause.message, fix: 'Set METRICS_PORT to a free port, or leave it out.' }, { cause }));
    });
    server.listen(port, host, resolve);
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
