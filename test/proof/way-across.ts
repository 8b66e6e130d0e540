import { callFrom, type RealMeshCluster } from '@meshfleet/cluster-real';
import { eastWestGateway, type Caller } from './call-across.ts';
import { askProxy } from './presets/proxy-config.ts';
import { statisticsOf } from './proxy-stats.ts';

const ECHO = 'echo.shop.svc.cluster.local';
/** Of each hop; a row of a report is read by people. */
const LONGEST = 700;

/** Hop by hop, how far calls come from one cluster to the service `echo` in another: for the message of who waits for them in vain. */
export async function wayAcross({ pod, url }: Caller, from: RealMeshCluster, to: RealMeshCluster): Promise<string> {
  const hops: Readonly<Record<string, () => Promise<unknown>>> = {
    call: async () => {
      const { code, error, body } = await callFrom(pod, { url, timeoutMs: 3_000 });
      return `${code ?? error} ${body ?? ''}`;
    },
    'endpoints of the caller’s proxy': async () => (await askProxy(pod, '/clusters')).split('\n').filter((line) => line.includes(`|${ECHO}::`) && /::(?:health_flags|cx_total|cx_connect_fail|rq_total|rq_error)::/.test(line)).map((line) => line.slice(line.indexOf('::') + 2)).join(' '),
    'what the caller’s istiod has read': () => debugOf(from, 'clusterz'),
    'gateways that it knows': () => debugOf(from, 'networkz'),
    'endpoints that it knows': async () => ((await debugOf(from, 'endpointShardz')) as Record<string, unknown> | undefined)?.[ECHO], // a map by the service's name
    'listener and endpoints of the other side’s gateway': async () => {
      const gateway = eastWestGateway(to);
      return gateway === undefined ? 'none runs' : (await statisticsOf(gateway, `15443.*downstream_cx_total$|${ECHO}.*(membership_healthy|upstream_cx_total|upstream_cx_connect_fail)$`)).join(' ');
    },
    'what proxies have taken of the other side’s istiod': () => debugOf(to, 'syncz'),
  };
  const told: string[] = [];
  for (const [hop, ask] of Object.entries(hops)) {
    const seen = await ask().catch((error: unknown) => `could not be asked: ${String(error)}`);
    told.push(`${hop}: ${(typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? 'nothing')).slice(0, LONGEST)}`);
  }
  return told.join('; ');
}

async function debugOf({ istiod }: RealMeshCluster, page: string): Promise<unknown> {
  return istiod?.debug(page);
}
