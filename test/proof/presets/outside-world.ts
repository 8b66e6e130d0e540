import { createAuthority, kubectl, type Authority, type RealCluster, type RealNodes } from '@meshfleet/cluster-real';
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

/** What lies outside of the mesh, in this process: hosts that speak TLS, an issuer of tokens among them, and who takes spans. */
export interface OutsideWorld {
  readonly address: string;
  /** Root of the hosts' certificates, and of clients that they know. */
  readonly caPem: string;
  /** A certificate for a server that `caPem` vouches for, or for a client. */
  issue(name: string, use: 'SERVER' | 'CLIENT'): Promise<{ certPem: string; keyPem: string }>;
  /** Calls over TLS so far, oldest first. */
  readonly calls: readonly OutsideCall[];
  readonly spans: readonly Span[];
  /** Has `keysUrls` answer with this JSON Web Key Set from now on. */
  publishKeys(jwks: string): void;
  /** Over TLS: one host that istiod trusts, and one whose certificate nobody vouches for. */
  readonly keysUrls: { readonly trusted: string; readonly untrusted: string };
  close(): Promise<void>;
}

/** Its Service in the cluster: proxies send spans to a name of the mesh. */
export const WORLD_SERVICE = { namespace: 'outside', name: 'world', host: 'world.outside.svc.cluster.local', spansPort: 9411 };
const KEYS_PATH = '/keys';
export const HOSTS = { issuer: 'issuer.example.com', bank: 'api.bank.example.com', undeclared: 'api.undeclared.example.com', cards: 'api.cards.example.com', login: 'login.example.org', shady: 'api.shady.example.com' } as const;

/** Who vouches for the world's hosts: istiod is told when it is installed. */
export function createWorldAuthority(): Promise<Authority> {
  return createAuthority('World', new Date());
}

export async function openWorld(cluster: RealCluster, nodes: RealNodes, authority: Authority): Promise<OutsideWorld> {
  const address = nodes.network.hostAddress;
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
    if (incoming.url === KEYS_PATH) outgoing.writeHead(200, { 'content-type': 'application/json' }).end(keys);
    else outgoing.writeHead(socket.servername === HOSTS.cards && client === '' ? 401 : 200).end();
  });
  secure.on('tlsClientError', () => undefined); // whoever does not trust it hangs up
  const plain = createServer((incoming, outgoing) => {
    void takeSpans(incoming, outgoing, spans);
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
    keysUrls: { trusted: `https://${HOSTS.issuer}${KEYS_PATH}`, untrusted: `https://${HOSTS.shady}${KEYS_PATH}` },
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
  const { namespace, name, spansPort } = WORLD_SERVICE;
  const called = 'http-spans';
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ name: called, port: spansPort, targetPort: port }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: called, port, protocol: 'TCP' }],
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
