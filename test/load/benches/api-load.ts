import { Agent, request } from 'node:http';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { createJoinToken, openHub, startAgents, type OpenHub } from '../harness/open-hub.ts';
import { timeoutPolicy } from '../harness/policy.ts';
import { cpuMilliseconds, postgresCpuMilliseconds } from '../harness/process-stats.ts';
import { figure, percentile, type Figure } from '../harness/statistics.ts';

const RUNS = 5;
const SECONDS = 6;

interface Load {
  readonly perSecond: number;
  readonly p99: number;
  readonly failed: number;
  /** Milliseconds of CPU that a request costs, by whom. */
  readonly cpu: Readonly<Record<Part, number>>;
}

type Part = 'api' | 'reconciler' | 'postgres' | 'load generator';

/** Keeps `connections` requests in flight for some seconds and counts what comes back. */
async function load(open: OpenHub, connections: number, body: () => string): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let failed = 0;
  const until = performance.now() + SECONDS * 1000;
  const before = cpuOf(open);
  const work = async (): Promise<void> => {
    while (performance.now() < until) {
      const from = performance.now();
      const answer = await post(open, agent, body());
      latencies.push(performance.now() - from);
      if (answer.status !== 200 || answer.text.includes('"errors"') || /"userErrors":\[\{/.test(answer.text)) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  const after = cpuOf(open);
  const perRequest = (part: Part): number => (after[part] - before[part]) / latencies.length;
  const cpu = { api: perRequest('api'), reconciler: perRequest('reconciler'), postgres: perRequest('postgres'), 'load generator': perRequest('load generator') };
  return { perSecond: latencies.length / SECONDS, p99: percentile(latencies, 0.99), failed, cpu };
}

function cpuOf({ hub }: OpenHub): Record<Part, number> {
  const of = (name: string): number => cpuMilliseconds(hub.supervisor.process(name)?.pid() ?? 0);
  const { user, system } = process.cpuUsage();
  return { api: of('api'), reconciler: of('reconciler'), postgres: postgresCpuMilliseconds(), 'load generator': (user + system) / 1000 };
}

/** What a request costs each process: the figure that stays when others share the machine. */
const cpuFigures = (runs: readonly Load[]): Figure[] =>
  (['api', 'reconciler', 'postgres', 'load generator'] as const).map((part) => figure(`CPU a request, ${part}`, 'ms', runs.map((r) => r.cpu[part])));

function post(open: OpenHub, agent: Agent, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${open.hub.url}/graphql`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${open.token}`,
          'meshfleet-organization': 'acme',
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function series(context: BenchContext, open: OpenHub, connections: number, body: () => string): Promise<Load[]> {
  await load(open, connections, body);
  const runs: Load[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const result = await load(open, connections, body);
    runs.push(result);
    context.say(`${result.perSecond.toFixed(0)} per second, p99 ${result.p99.toFixed(1)} ms, ${result.failed} failed`);
  }
  return runs;
}

const LIST = '{ organization { clusters(first: 20) { nodes { id name status region labels { key value } kubernetesVersion lastSeenAt inSync } pageInfo { hasNextPage endCursor } } } }';

export const p5: Bench = {
  id: 'P5',
  title: 'GraphQL list of 20 clusters, signed in, row-level security, 32 connections',
  setup: `100 clusters in the organization, JWT verified at each request, keep-alive, load generator on the same machine, ${RUNS} runs of ${SECONDS} s after one to warm up`,
  async run(context): Promise<readonly Figure[]> {
    const open = await openHub(context.root);
    const fleet = await startAgents(open, 100, () => undefined);
    try {
      const body = JSON.stringify({ query: LIST });
      const runs = await series(context, open, 32, () => body);
      return [
        figure('requests per second', '/s', runs.map((r) => r.perSecond), 1_000, true),
        figure('p99', 'ms', runs.map((r) => r.p99), 50),
        figure('failed', '', runs.map((r) => r.failed), 0),
        ...cpuFigures(runs),
      ];
    } finally {
      fleet.close();
      await open.close();
    }
  },
};

export const p6: Bench = {
  id: 'P6',
  title: 'policyApply with outbox and chained audit, 16 connections',
  setup: `each a new version of one of 64 policies that select no cluster, ${RUNS} runs of ${SECONDS} s after one to warm up; the reconciler works them off meanwhile`,
  async run(context): Promise<readonly Figure[]> {
    const open = await openHub(context.root);
    try {
      await createJoinToken(open.client, 1, {});
      let turn = 0;
      const body = (): string => {
        turn += 1;
        return JSON.stringify({
          query: 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { changed userErrors { message } } }',
          variables: { input: timeoutPolicy(`policy-${turn % 64}`, turn, 'env=nowhere') },
        });
      };
      const runs = await series(context, open, 16, body);
      return [
        figure('mutations per second', '/s', runs.map((r) => r.perSecond), 300, true),
        figure('p99', 'ms', runs.map((r) => r.p99), 100),
        figure('failed', '', runs.map((r) => r.failed), 0),
        ...cpuFigures(runs),
      ];
    } finally {
      await open.close();
    }
  },
};
