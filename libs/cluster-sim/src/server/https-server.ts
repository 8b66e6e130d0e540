import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { MeshfleetError } from '@meshfleet/model';
import type { ServingCertificate } from './certificate.ts';

/** An HTTPS server on loopback whose connections can all be cut, and that comes back on its port. */
export class HttpsServer {
  readonly #certificate: ServingCertificate;
  readonly #handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #refuses: () => boolean;
  readonly #sockets = new Set<Duplex>();
  #server: Server | undefined;
  #port: number;

  constructor(options: {
    certificate: ServingCertificate;
    port: number;
    handler: (request: IncomingMessage, response: ServerResponse) => void;
    /** True while new connections are to be cut as they come. */
    refuses: () => boolean;
  }) {
    this.#certificate = options.certificate;
    this.#port = options.port;
    this.#handler = options.handler;
    this.#refuses = options.refuses;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const server = createServer({ cert: this.#certificate.certPem, key: this.#certificate.keyPem, keepAliveTimeout: 90_000 }, this.#handler);
    // A watch is one request that never ends.
    server.requestTimeout = 0;
    server.timeout = 0;
    server.on('connection', (socket) => {
      if (this.#refuses()) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(cannotListen(this.#port, cause)));
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.cutConnections();
    await closed;
  }
}

function cannotListen(port: number, cause: unknown): MeshfleetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MeshfleetError(
    { code: 'CONFIG_INVALID', summary: `The simulated cluster cannot listen on port ${port}`, why, fix: 'Choose another port, or 0 for any free one.' },
    { cause },
  );
}
