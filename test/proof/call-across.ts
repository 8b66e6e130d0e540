import { callFrom, sendTraffic, type RealMeshCluster, type RealPod, type TrafficCounts } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { sendOneByOne } from './presets/measure.ts';
import { statisticsOf, sumOf } from './proxy-stats.ts';

/** A workload that calls the service `echo`, wherever its pods are. */
export interface Caller {
  readonly pod: RealPod;
  readonly url: string;
  /** As the service's proxy tells them to the service. */
  identities(): Promise<{ client: string; server: string }>;
}

export interface Answers extends TrafficCounts {
  readonly text: string;
}

const URL = 'http://echo.shop:8080/';
/** Of the workload; its proxy is what answers. */
const APP_PORT = 8080;

export function callerIn({ nodes }: RealMeshCluster, namespace: string, app: string): Caller {
  const [pod] = nodes.pods(namespace, { app });
  if (pod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `${app} does not run`, why: nodes.problems().join('\n') });
  return {
    pod,
    url: URL,
    identities: async () => {
      const { body = '' } = await callFrom(pod, { url: URL });
      const field = (name: string): string => new RegExp(`[;"]${name}=(spiffe:[^;",\\\\]*)`).exec(body)?.[1] ?? 'nobody';
      return { client: field('URI'), server: field('By') };
    },
  };
}

export async function answersOf({ pod, url }: Caller, total: number): Promise<Answers> {
  return withText(await sendTraffic(pod, { url, perSecond: 100, total, timeoutMs: 3_000 }));
}

export async function answersOneByOne({ pod, url }: Caller, total: number): Promise<Answers> {
  return withText(await sendOneByOne(pod, url, total));
}

function withText(counts: TrafficCounts): Answers {
  const parts = [
    ...Object.entries(counts.byCode).map(([code, count]) => `${count} × ${code}`),
    ...Object.entries(counts.byError).map(([code, count]) => `${count} × ${code}`),
    ...Object.entries(counts.byCluster).map(([cluster, count]) => `${count} by ${cluster}`),
  ];
  return { ...counts, text: parts.join(', ') };
}

export function allAnsweredBy(answers: Answers, cluster: string, total: number): boolean {
  return answers.byCode['200'] === total && answers.byCluster[cluster] === total;
}

/** The code of one call, or the error of its connection. */
export async function reaches({ pod }: Caller, url: string): Promise<string> {
  const { code, error } = await callFrom(pod, { url, timeoutMs: 3_000 });
  return String(code ?? error);
}

/** Common names of who signed the certificate that a workload's proxy shows, up to the root. */
export async function issuersOf({ nodes }: RealMeshCluster, namespace: string, app: string): Promise<string[]> {
  const [pod] = nodes.pods(namespace, { app });
  const chain = await new Promise<DetailedPeerCertificate>((resolve, reject) => {
    // In TLS 1.3 the caller has seen all of the server's chain before it is refused for want of a certificate of its own.
    const socket = connect({ host: pod?.network.address ?? '', port: APP_PORT, rejectUnauthorized: false, ALPNProtocols: ['istio'], servername: 'proof', minVersion: 'TLSv1.3' });
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate(true));
      socket.destroy();
    });
    socket.once('error', reject);
  });
  const names: string[] = [];
  for (let at = chain; names.length < 5; at = at.issuerCertificate) {
    names.push(String(at.issuer.CN));
    // A root is its own issuer; where the chain ends early there is none.
    if ((at.issuerCertificate as DetailedPeerCertificate | undefined) === undefined || at.issuer.CN === at.subject.CN) break;
    if (at.issuerCertificate.subject.CN === at.issuerCertificate.issuer.CN) break;
  }
  return names;
}

/** The pod of a cluster's gateway for other networks. */
export function eastWestGateway({ nodes }: RealMeshCluster): RealPod | undefined {
  return nodes.pods('istio-system', { istio: 'eastwestgateway' })[0];
}

/** Connections that a gateway has taken so far on the port that other networks use; undefined while it does not listen there. */
export async function connectionsOf(gateway: RealPod): Promise<number | undefined> {
  const lines = await statisticsOf(gateway, '^listener\\..*15443\\.downstream_cx_total$');
  return lines.length === 0 ? undefined : sumOf(lines);
}

/** Endpoints of the service `echo` that a gateway passes connections on to. */
export async function endpointsBehind(gateway: RealPod): Promise<number> {
  return sumOf(await statisticsOf(gateway, '^cluster\\.outbound_\\..*\\.echo\\.shop\\..*membership_healthy$'));
}
