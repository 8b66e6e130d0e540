import type { RequestCounters } from '@meshfleet/cluster-sim';
import { startSimulatedCluster } from '@meshfleet/cluster-sim';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentProcess } from '../../../apps/demo/src/agent-process.ts';
import { applyAgentRole } from '../../../apps/demo/src/agent-role.ts';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { createJoinToken, openHub } from '../harness/open-hub.ts';
import { applyPolicy, timeoutPolicy } from '../harness/policy.ts';
import { cpuMilliseconds, residentMiB } from '../harness/process-stats.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const SETTLE_SECONDS = 45;
const WATCH_SECONDS = 120;
const RUNS = 3;
// Without the namespace of the policy's object the agent would be trying to apply it, and not idle.
const SHOP = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const DAY_SECONDS = 24 * 3600;

export const p7p8: Bench = {
  id: 'P7+P8',
  title: "The agent's footprint: memory, CPU, requests to its API server, bytes to the hub",
  setup: `the bundled agent as a process, one policy applied, simulated API server; "idle" is a cluster of 20 objects, "full" one of 20,000 VirtualServices; ${SETTLE_SECONDS} s to settle, then ${WATCH_SECONDS} s watched; ${RUNS} runs idle, 1 full`,
  async run(context): Promise<readonly Figure[]> {
    const idle: Footprint[] = [];
    for (let run = 0; run < RUNS; run += 1) idle.push(await footprint(context, 20));
    const full = await footprint(context, 20_000);
    return [
      figure('memory idle', 'MiB', idle.map((it) => it.memoryMiB), 80),
      figure('memory watching 20,000 objects', 'MiB', [full.memoryMiB], 110),
      figure('CPU idle', 'm', idle.map((it) => it.cpuMillicores), 5),
      figure('requests to its API server idle', '/min', idle.map((it) => it.requestsPerMinute), 6),
      figure('bytes to the hub idle, a day', 'kB', idle.map((it) => it.hubBytesPerDay / 1000), 1_048),
    ];
  },
};

interface Footprint {
  readonly memoryMiB: number;
  readonly cpuMillicores: number;
  readonly requestsPerMinute: number;
  readonly hubBytesPerDay: number;
}

async function footprint(context: BenchContext, objects: number): Promise<Footprint> {
  const wire = await countBytes();
  const open = await openHub(context.root, { publicUrl: wire.url });
  wire.relayTo(Number(new URL(open.hub.url).port));
  const cluster = await startSimulatedCluster({ name: 'bench', crds: istioCustomResourceDefinitions(), objects: [SHOP, ...virtualServices(objects)] });
  try {
    const folder = open.hub.dir.clusters;
    const adminFile = join(folder, 'admin.kubeconfig');
    writeFileSync(adminFile, cluster.kubeconfig());
    await applyAgentRole(adminFile);
    const token = await cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }, { expirationSeconds: 3600 });
    const agentFile = join(folder, 'agent.kubeconfig');
    writeFileSync(agentFile, cluster.kubeconfig({ token }));
    const agent = open.hub.supervisor.start(
      agentProcess(context.root, 'agent', {
        MESHFLEET_URL: wire.url,
        MESHFLEET_JOIN_TOKEN: await createJoinToken(open.client, 1, { env: 'bench' }),
        MESHFLEET_CLUSTER_NAME: 'bench',
        KUBECONFIG: agentFile,
        PORT: '0',
      }),
    );
    await applyPolicy(open.client, timeoutPolicy('reviews', 1, 'env=bench'));
    await sleep(SETTLE_SECONDS * 1000);
    const pid = agent.pid() ?? 0;
    cluster.resetCounters();
    const cpu = cpuMilliseconds(pid);
    const bytes = wire.bytes();
    await sleep(WATCH_SECONDS * 1000);
    const result = {
      memoryMiB: residentMiB(pid),
      cpuMillicores: (cpuMilliseconds(pid) - cpu) / WATCH_SECONDS,
      requestsPerMinute: (cluster.counters().total.requests * 60) / WATCH_SECONDS,
      hubBytesPerDay: ((wire.bytes() - bytes) * DAY_SECONDS) / WATCH_SECONDS,
    };
    context.say(`${objects} objects: ${JSON.stringify(result)}; its requests: ${JSON.stringify(requestsByName(cluster.counters()))}`);
    return result;
  } finally {
    await open.close();
    await cluster.stop();
    wire.close();
  }
}

/** Which requests they are: a total that is too high says nothing of why. */
function requestsByName({ byRequest }: RequestCounters): Record<string, number> {
  return Object.fromEntries(Object.entries(byRequest).flatMap(([name, { requests }]) => (requests === 0 ? [] : [[name, requests]])));
}

function virtualServices(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: `service-${index}`, namespace: 'default' },
    spec: { hosts: [`service-${index}`], http: [{ route: [{ destination: { host: `service-${index}` } }] }] },
  }));
}

/** A TCP relay on loopback that counts the bytes of both directions. */
async function countBytes(): Promise<{ url: string; relayTo: (port: number) => void; bytes: () => number; close: () => void }> {
  let bytes = 0;
  let target = 0;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.on('data', (chunk) => (bytes += chunk.length));
    upstream.on('data', (chunk) => (bytes += chunk.length));
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo; the other forms are for pipes and closed servers.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    relayTo: (upstreamPort) => {
      target = upstreamPort;
    },
    bytes: () => bytes,
    close: () => server.close(),
  };
}
