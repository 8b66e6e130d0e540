import { clusterLimit, kubectl, startRealCluster, type RealCluster } from '@meshfleet/cluster-real';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { MeshfleetError } from '@meshfleet/model';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parseAllDocuments, stringify } from 'yaml';
import { agentProcess } from '../../../apps/demo/src/agent-process.ts';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { createJoinToken, openHub, type OpenHub } from '../harness/open-hub.ts';
import { openOwnView, type OwnView } from '../harness/own-view.ts';
import { applyPolicy } from '../harness/policy.ts';
import { residentMiB } from '../harness/process-stats.ts';
import { figure, percentile, type Figure } from '../harness/statistics.ts';

/** MESHFLEET_BENCH_AGENTS tries it with fewer: a hundred take 7 GB. */
const AGENTS = Number(process.env['MESHFLEET_BENCH_AGENTS'] ?? 100);
const RUNS = 9;
const WARM_UP = 3;
const START_AT_ONCE = 5;
const EVERYBODY_WITHIN_MS = 600_000;
const ROLES = ['namespace', 'service-account', 'cluster-role', 'role'];

export const p1r: Bench = {
  id: 'P1r',
  title: `Mutation committed to acknowledged by ${AGENTS} real agents on one real API server`,
  setup: `${AGENTS} bundled agents as processes, each with its own roles and namespace, on one kube-apiserver 1.35.4 with etcd; one VirtualService of 400 bytes changed in each; hub, Postgres, agents and API server on this machine; ${RUNS} pushes after ${WARM_UP} to warm up`,
  async run(context): Promise<readonly Figure[]> {
    const limit = clusterLimit();
    if (limit !== undefined) throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: 'Real clusters cannot run here', why: limit });
    const names = Array.from({ length: AGENTS }, (_, index) => `bench-${String(index).padStart(3, '0')}`);
    const cluster = await startRealCluster({ name: 'bench', crds: istioCustomResourceDefinitions() });
    const views: OwnView[] = [];
    const open = await openHub(context.root);
    const admin = new Client({ connectionString: open.hub.databaseUrl });
    try {
      await admin.connect();
      for (const name of names) {
        const view = await openOwnView(cluster, name);
        views.push(view);
        await startAgent(context, open, cluster, view, name);
        // Each takes a second of a core to start.
        if (views.length % START_AT_ONCE === 0) await enrolled(admin, views.length);
      }
      await enrolled(admin, AGENTS);
      context.say(`${AGENTS} agents are enrolled`);
      return await measure(context, open, admin, names);
    } finally {
      await admin.end().catch(() => undefined);
      await open.close();
      for (const view of views) view.close();
      await cluster.stop();
    }
  },
};

async function startAgent(context: BenchContext, open: OpenHub, cluster: RealCluster, view: OwnView, name: string): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], rolesIn(context.root, name));
  const kubeconfigFile = join(open.hub.dir.clusters, `${name}.kubeconfig`);
  const token = await cluster.createToken({ namespace: name, name: 'meshfleet-agent' }, { expirationSeconds: 24 * 3600 });
  writeFileSync(kubeconfigFile, cluster.kubeconfig({ name, token }).replace(cluster.url, view.url), { mode: 0o600 });
  open.hub.supervisor.start(
    agentProcess(context.root, name, {
      MESHFLEET_URL: open.hub.url,
      MESHFLEET_JOIN_TOKEN: await createJoinToken(open.client, 1, { env: 'bench' }),
      MESHFLEET_CLUSTER_NAME: name,
      MESHFLEET_NAMESPACE: name,
      KUBECONFIG: kubeconfigFile,
      PORT: '0',
    }),
  );
}

/** The roles of deploy/agent, for an agent in a namespace of its own. */
function rolesIn(root: string, namespace: string): string {
  const files = ROLES.map((file) => readFileSync(join(root, 'deploy', 'agent', 'manifests', `${file}.yaml`), 'utf8'));
  const documents = parseAllDocuments(files.join('\n---\n').replaceAll('meshfleet-system', namespace));
  // Manifests of our own: Kubernetes objects by construction.
  const objects = (documents as { toJS(): unknown }[]).map((document) => document.toJS() as { kind: string; metadata: { name: string } } | null).filter((object) => object !== null);
  for (const { kind, metadata } of objects) if (kind === 'ClusterRoleBinding') metadata.name = `${metadata.name}-${namespace}`;
  return objects.map((object) => stringify(object)).join('---\n');
}

async function measure(context: BenchContext, open: OpenHub, admin: Client, names: readonly string[]): Promise<readonly Figure[]> {
  const p50: number[] = [];
  const p99: number[] = [];
  let first = 0;
  for (let push = 1; push <= WARM_UP + RUNS; push += 1) {
    const before = await revisions(admin);
    await applyPolicy(open.client, { name: 'reviews', placement: { clusterSelector: 'env=bench' }, manifests: manifest(push) });
    const committed = Date.now();
    const latencies = await allAcknowledged(admin, before, committed);
    if (push === 1) first = percentile(latencies, 0.99);
    if (push <= WARM_UP) continue;
    p50.push(percentile(latencies, 0.5));
    p99.push(percentile(latencies, 0.99));
    context.say(`push ${push}: p50 ${p50.at(-1)?.toFixed(0)} ms, p99 ${p99.at(-1)?.toFixed(0)} ms`);
  }
  const memory = names.map((name) => residentMiB(open.hub.supervisor.process(name)?.pid() ?? 0));
  return [
    figure('p50', 'ms', p50),
    figure('p99', 'ms', p99, 1_200),
    figure('p99 of the first push', 'ms', [first]),
    figure('memory of an agent', 'MiB', memory),
  ];
}

/** In each cluster's own namespace. */
function manifest(version: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: "\${cluster.name}" }
spec:
  hosts: [reviews]
  http:
    - timeout: ${version}s
      retries: { attempts: 2, perTryTimeout: 1s, retryOn: "connect-failure,refused-stream" }
      route:
        - { destination: { host: reviews, subset: stable }, weight: 90 }
        - { destination: { host: reviews, subset: canary }, weight: 10 }
`;
}

interface Acknowledgement {
  readonly name: string;
  readonly revision: number;
  /** When the hub took it. */
  readonly at: number;
}

async function acknowledgements(admin: Client): Promise<Acknowledgement[]> {
  const { rows } = await admin.query<{ name: string; revision: string; at: Date | null }>('select name, acked_revision as revision, acked_at as at from cluster');
  return rows.map(({ name, revision, at }) => ({ name, revision: Number(revision), at: at?.getTime() ?? 0 }));
}

async function revisions(admin: Client): Promise<Map<string, number>> {
  return new Map((await acknowledgements(admin)).map(({ name, revision }) => [name, revision]));
}

/** Milliseconds from the commit, for each agent. */
async function allAcknowledged(admin: Client, before: ReadonlyMap<string, number>, committed: number): Promise<number[]> {
  const deadline = Date.now() + EVERYBODY_WITHIN_MS;
  for (;;) {
    const now = await acknowledgements(admin);
    const behind = now.filter(({ name, revision }) => revision <= (before.get(name) ?? 0));
    if (behind.length === 0) return now.map(({ at }) => Math.max(0, at - committed));
    if (Date.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `${behind.length} agents have not acknowledged`, why: behind.map(({ name }) => name).join(', ') });
    await sleep(50);
  }
}

async function enrolled(admin: Client, count: number): Promise<void> {
  const deadline = Date.now() + EVERYBODY_WITHIN_MS;
  while ((await acknowledgements(admin)).length < count) {
    if (Date.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `Fewer than ${count} agents have enrolled`, fix: 'Read the logs of those that have not.' });
    await sleep(200);
  }
}
