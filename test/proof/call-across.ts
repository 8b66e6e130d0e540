import { callFrom, sendTraffic, type RealMeshCluster, type RealPod, type TrafficCounts } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type DetailedPeerCertificate } from 'node:tls';

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
const EFFECT_WITHIN_MS = 60_000;
/** Of the workload; its proxy is what answers. */
const APP_PORT = 8080;
const PROXY_METRICS_PORT = 15090;

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
  const counts = await sendTraffic(pod, { url, perSecond: 100, total, timeoutMs: 3_000 });
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

/** Connections that a gateway has taken so far on the port that other networks use. */
export async function connectionsOf({ nodes }: RealMeshCluster, gateway: string): Promise<number> {
  const [pod] = nodes.pods('istio-system', { app: gateway });
  const metrics = await (await fetch(`http://${pod?.network.address}:${PROXY_METRICS_PORT}/stats/prometheus`)).text();
  const line = metrics.split('\n').find((text) => text.startsWith('envoy_listener_downstream_cx_total') && text.includes('15443'));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

/** Waits for an effect; `why` is asked when it does not come. */
export async function settle(what: string, holds: () => Promise<boolean>, why: () => Promise<string> = () => Promise.resolve('')): Promise<void> {
  const deadline = performance.now() + EFFECT_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `Waited ${EFFECT_WITHIN_MS / 1000} s, but not: ${what}`, why: await why() });
    await sleep(200);
  }
}
