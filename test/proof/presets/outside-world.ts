import { createAuthority, kubectl, type RealCluster, type RealNodes } from '@meshfleet/cluster-real';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions, type TLSSocket } from 'node:tls';

/** A request that came out of the mesh, as the world saw it. */
export interface OutsideCall {
  /** The name in the handshake. */
  readonly serverName: string;
  /** Common name of the client's certificate; empty where it showed none that our authority signed. */
  readonly client: string;
  /** Address of the pod that it came from. */
  readonly from: string;
}

/** As the Zipkin tracer of a proxy reports it. */
export interface Span {
  readonly traceId: string;
  readonly kind?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What lies outside of the mesh, in this process: hosts that speak TLS, an issuer's keys, and who takes spans. */
export interface OutsideWorld {
  readonly address: string;
  /** Root of the hosts' certificates, and of clients that they know. */
  readonly caPem: string;
  /** A certificate for a server that `caPem` vouches for, or for a client. */
  issue(name: string, use: 'SERVER' | 'CLIENT'): Promise<{ certPem: string; keyPem: string }>;
  /** Calls over TLS so far, oldest first. */
  readonly calls: readonly OutsideCall[];
  readonly spans: readonly Span[];
  /** Has `keysUrl` answer with this JSON Web Key Set from now on. */
  publishKeys(jwks: string): void;
  /** As istiod reaches it. */
  readonly keysUrl: string;
  close(): Promise<void>;
}

/** Its Service in the cluster, for what must be found by a name of the mesh: keys and spans. */
export const WORLD_SERVICE = { namespace: 'outside', name: 'world', host: 'world.outside.svc.cluster.local', keysPort: 80, spansPort: 9411 };
export const HOSTS = { bank: 'api.bank.example.com', undeclared: 'api.undeclared.example.com', cards: 'api.cards.example.com', login: 'login.example.org', shady: 'api.shady.example.com' } as const;

export async function openWorld(cluster: RealCluster, nodes: RealNodes): Promise<OutsideWorld> {
  const address = nodes.network.hostAddress;
  const authority = await createAuthority('World', new Date());
  const issue: OutsideWorld['issue'] = (name, use) => authority.issue(name, [{ type: 'dns', value: name }], use);
  const calls: OutsideCall[] = [];
  const spans: Span[] = [];
  let keys = '{"keys":[]}';

  const contexts = new Map<string, SecureContext>(
    await Promise.all(
      Object.values(HOSTS).map(async (name) => {
        // Nobody knows who vouches for the last one.
        const { certPem, keyPem } = name === HOSTS.shady ? await (await createAuthority('Nobody', new Date())).issue(name, [{ type: 'dns', value: name }], 'SERVER') : await issue(name, 'SERVER');
        return [name, createSecureContext({ cert: certPem, key: keyPem, ca: authority.caPem })] as const;
      }),
    ),
  );
  const { certPem: cert, keyPem: key } = await issue(HOSTS.bank, 'SERVER');
  const named: SecureContextOptions & TlsOptions = {
    // Whoever sends no name is taken to mean the first host.
    cert,
    key,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    SNICallback: (name, done) => {
      done(null, contexts.get(name));
    },
  };
  const secure = createSecureServer(named, (incoming, outgoing) => {
    const socket = incoming.socket as TLSSocket; // of a TLS server
    const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : '';
    calls.push({ serverName: String(socket.servername), client, from: socket.remoteAddress ?? '' });
    outgoing.writeHead(socket.servername === HOSTS.cards && client === '' ? 401 : 200).end();
  });
  secure.on('tlsClientError', () => undefined); // whoever does not trust it hangs up
  const plain = createServer((incoming, outgoing) => {
    if (incoming.url === '/api/v2/spans') void takeSpans(incoming, outgoing, spans);
    else outgoing.writeHead(200, { 'content-type': 'application/json' }).end(keys);
  });
  secure.listen(443, address);
  plain.listen(0, address);
  await Promise.all([once(secure, 'listening'), once(plain, 'listening')]);
  const { port } = plain.address() as AddressInfo; // listens on TCP
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: worldService(address, port) }));
  nodes.publish(Object.fromEntries(Object.values(HOSTS).map((name) => [name, address])));
  return {
    address,
    caPem: authority.caPem,
    issue,
    calls,
    spans,
    publishKeys: (jwks) => {
      keys = jwks;
    },
    keysUrl: `http://${WORLD_SERVICE.host}/keys`,
    close: async () => {
      await Promise.all([secure, plain].map(close));
    },
  };
}

async function takeSpans(incoming: IncomingMessage, outgoing: ServerResponse, spans: Span[]): Promise<void> {
  spans.push(...(JSON.parse(await text(incoming)) as Span[])); // Zipkin's JSON, by a proxy
  outgoing.writeHead(202).end();
}

/** A Service without selector: its endpoint is this process. */
function worldService(address: string, port: number): object[] {
  const { namespace, name, keysPort, spansPort } = WORLD_SERVICE;
  const ports = [['http-keys', keysPort], ['http-spans', spansPort]] as const;
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: ports.map(([called, number]) => ({ name: called, port: number, targetPort: port })) } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: ports.map(([called]) => ({ name: called, port, protocol: 'TCP' })),
    },
  ];
}

async function close(server: Server & { closeAllConnections(): void }): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
