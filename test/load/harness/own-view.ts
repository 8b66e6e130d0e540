import type { RealCluster } from '@meshfleet/cluster-real';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * One API server shown as a cluster of its own, so that many agents can work against one: `kube-system` has another uid for each, and
 * lists and watches of mesh kinds across all namespaces show one namespace alone, as if the cluster held nothing else.
 */
export interface OwnView {
  readonly url: string;
  close(): void;
}

const KUBE_SYSTEM = '/api/v1/namespaces/kube-system';
const ACROSS_NAMESPACES = /^\/apis\/[a-z]+\.istio\.io\/[^/]+\/[^/]+$/;

export async function openOwnView(cluster: RealCluster, namespace: string): Promise<OwnView> {
  const agent = new Agent({ ca: cluster.caPem, keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const url = confined(new URL(incoming.url ?? '/', cluster.url), namespace);
    const upstream = request(url, { agent, method: incoming.method, headers: { ...incoming.headers, host: url.host } }, (answer) => {
      if (url.pathname === KUBE_SYSTEM) void answerAs(namespace, answer, outgoing);
      else {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A listening TCP server has an AddressInfo; the other forms are for pipes and closed servers.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

function confined(url: URL, namespace: string): URL {
  if (ACROSS_NAMESPACES.test(url.pathname)) url.searchParams.set('fieldSelector', `metadata.namespace=${namespace}`);
  return url;
}

async function answerAs(namespace: string, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = JSON.parse(await text(answer)) as { metadata?: { uid?: string } }; // a Namespace, or a Status
  if (body.metadata?.uid !== undefined) body.metadata.uid = uidOf(namespace);
  outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** In the form of a UUID, the same at each start. */
function uidOf(namespace: string): string {
  const digits = createHash('sha256').update(namespace).digest('hex');
  return [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`, digits.slice(20, 32)].join('-');
}
