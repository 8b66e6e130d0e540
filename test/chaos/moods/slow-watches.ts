import type { OpenCluster } from '@meshfleet/cluster-real';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../../apps/agent/src/testing/self-signed.ts';

/** An API server as seen through a proxy that can sit on what watches say; everything else goes through at once. */
export interface SlowWatches {
  /** A kubeconfig of the cluster that leads to the proxy. */
  kubeconfigFor(kubeconfig: string): string;
  /** From now on nothing comes out of watches, of open ones and of new ones. */
  hold(): void;
  /** What was held comes now. */
  release(): void;
  /** How many watches it sits on. */
  readonly held: number;
  close(): Promise<void>;
}

export async function slowWatches(cluster: OpenCluster): Promise<SlowWatches> {
  const { certPem, keyPem } = await selfSigned();
  const upstream = new Agent({ keepAlive: true, ca: cluster.caPem });
  const watches = new Set<IncomingMessage>();
  let held = false;
  const server = createServer({ cert: certPem, key: keyPem }, (incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const asked = request(`${cluster.url}${url}`, { method, headers, agent: upstream }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (!/[?&]watch=(true|1)/.test(url)) return void answer.pipe(outgoing);
      watches.add(answer);
      outgoing.flushHeaders();
      answer.on('data', (chunk: Buffer) => outgoing.write(chunk));
      answer.on('close', () => {
        watches.delete(answer);
        outgoing.end();
      });
      if (held) answer.pause();
    });
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    incoming.pipe(asked);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return {
    kubeconfigFor: (kubeconfig) =>
      kubeconfig
        .replace(/server: \S+/, `server: https://127.0.0.1:${port}`)
        .replace(/certificate-authority-data: \S+/, `certificate-authority-data: ${Buffer.from(certPem).toString('base64')}`),
    hold: () => {
      held = true;
      for (const watch of watches) watch.pause();
    },
    release: () => {
      held = false;
      for (const watch of watches) watch.resume();
    },
    get held() {
      return held ? watches.size : 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      upstream.destroy();
    },
  };
}
