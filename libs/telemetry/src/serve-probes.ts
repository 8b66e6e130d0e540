import { MeshfleetError } from '@meshfleet/model';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

export interface ProbeServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface ProbeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly metrics: Metrics;
  /** Rejects while the process cannot do its work. Absent: health is told elsewhere, and only figures are served. */
  readonly ready?: () => Promise<void>;
  /** The variable that the port comes from. */
  readonly setting: string;
}

/**
 * `/metrics`, and with `ready` also `/healthz` (the process turns) and `/readyz`, on a port of their own: they are for those
 * who run the process. Nothing else is served.
 * @throws MeshfleetError CONFIG_INVALID when the port cannot be opened
 */
export async function serveProbes({ port, host, metrics, ready, setting }: ProbeOptions): Promise<ProbeServer> {
  const server = createServer(answerProbes(metrics, ready));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new MeshfleetError({ code: 'CONFIG_INVALID', summary: `Port ${port} cannot be opened`, why: cause.message, fix: `Set ${setting} to a free port, or leave it out.` }, { cause }));
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

function answerProbes(metrics: Metrics, ready: (() => Promise<void>) | undefined): RequestListener {
  return (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'method not allowed\n');
    else if (path === '/metrics') metrics.expose().then(({ contentType, body }) => answer(200, body, contentType), () => answer(500, 'no figures\n'));
    else if (path === '/healthz' && ready !== undefined) answer(200, 'ok\n');
    else if (path === '/readyz' && ready !== undefined) ready().then(() => answer(200, 'ready\n'), () => answer(503, 'the database does not answer\n'));
    else answer(404, 'not found\n');
  };
}
