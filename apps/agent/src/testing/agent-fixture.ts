import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessFromKubeconfig, createHolderIdentity, createKubeClient, createTransport } from '@meshfleet/kube';
import type { KubeClient } from '@meshfleet/kube';
import { clusterKindOf, openCluster } from '@meshfleet/cluster-real';
import type { OpenCluster } from '@meshfleet/cluster-real';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { parseAllDocuments } from 'yaml';
import type { Agent, AgentOptions } from '../agent.ts';
import { startAgent } from '../agent.ts';
import type { Config } from '../config.ts';
import { createLog } from '../log.ts';
import type { ScriptedHub } from './scripted-hub.ts';

const MANIFESTS = new URL('../../../../deploy/agent/manifests/', import.meta.url);

/** What `kubectl apply -k deploy/agent/manifests` would create, but for the Deployment. */
export function deployManifests(): KubeObject[] {
  return ['namespace.yaml', 'service-account.yaml', 'cluster-role.yaml', 'role.yaml'].flatMap((file) =>
    parseAllDocuments(readFileSync(new URL(file, MANIFESTS), 'utf8')).map((document) => document.toJS() as KubeObject), // our own manifests
  );
}

/** What most tests push: a real cluster takes seconds to serve all of Istio's kinds. */
const FEW_KINDS = new Set(['virtualservices.networking.istio.io', 'serviceentries.networking.istio.io']);

/** A cluster of the kind that MESHFLEET_TEST_CLUSTERS names, with RBAC enforced, in which the agent has exactly what deploy/agent grants, and an administrator's client beside it. */
export interface TestCluster {
  readonly cluster: OpenCluster;
  readonly admin: KubeClient;
  agentAccess(): Promise<AgentOptions['access']>;
  close(): Promise<void>;
}

export async function startTestCluster(options: { crds?: KubeObject[]; objects?: KubeObject[] } = {}): Promise<TestCluster> {
  const cluster = await openCluster(clusterKindOf(process.env), {
    name: 'agent',
    crds: options.crds ?? istioCustomResourceDefinitions().filter(({ metadata }) => FEW_KINDS.has(metadata.name ?? '')),
    objects: [...deployManifests(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, ...(options.objects ?? [])],
    audit: true,
  });
  const transport = createTransport(await accessFromKubeconfig(cluster.kubeconfig()), { userAgent: 'kubectl-edit' });
  return {
    cluster,
    admin: createKubeClient(transport),
    async agentAccess() {
      const token = await cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' });
      return accessFromKubeconfig(cluster.kubeconfig({ token }));
    },
    async close() {
      transport.close();
      await cluster.stop();
    },
  };
}

export const configFor = (hub: ScriptedHub, more: Partial<Config> = {}): Config => ({
  hubUrl: hub.url,
  joinToken: hub.joinToken,
  clusterName: 'east',
  namespace: 'meshfleet-system',
  hubCaPem: undefined,
  port: 0,
  logLevel: 'silent',
  keyLifeDays: 30,
  ...more,
});

let holders = 0;

export async function startTestAgent(test: TestCluster, hub: ScriptedHub, more: Partial<Omit<AgentOptions, 'config'>> & { config?: Partial<Config> } = {}): Promise<Agent> {
  const { config, ...rest } = more;
  holders += 1;
  const level = process.env['AGENT_TEST_LOG'] ?? 'silent';
  return startAgent({
    access: await test.agentAccess(),
    log: createLog(level),
    inPod: false,
    // Each agent is a process of its own to the others; a dead one is one that this test stopped.
    holder: createHolderIdentity({ inPod: false, host: 'test', pid: holders, alive: () => false }),
    listenTiming: { firstBackoffMs: 20, maxBackoffMs: 100, refusedMs: 100, goodMs: 60_000, silenceMs: 5_000, pollWaitSeconds: 1, pollForMs: 1_000 },
    ...rest,
    config: configFor(hub, config),
  });
}

/** The agent as a process of its own, for what only a process can suffer; it ends with the test's process at the latest. */
export async function spawnAgent(test: TestCluster, hub: ScriptedHub): Promise<ChildProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-agent-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, test.cluster.kubeconfig({ token: await test.cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }) }));
  const config = configFor(hub);
  const child = spawn(process.execPath, [new URL('../main.ts', import.meta.url).pathname], {
    env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, MESHFLEET_URL: hub.url, MESHFLEET_JOIN_TOKEN: config.joinToken, MESHFLEET_CLUSTER_NAME: config.clusterName, PORT: '0', LOG_LEVEL: 'warn' },
    stdio: 'ignore',
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => {
    process.off('exit', end);
    rmSync(folder, { recursive: true, force: true });
  });
  return child;
}

/** Waits for what must come; what does not come is told by the expectation after it. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 15));
}

export const virtualService = (name: string, host = name, extra: object = {}): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop' },
  spec: { hosts: [host], http: [{ route: [{ destination: { host } }] }], ...extra },
});

export const VIRTUAL_SERVICES = { group: 'networking.istio.io', version: 'v1', kind: 'VirtualService', plural: 'virtualservices', namespaced: true };
export const keyOf = (name: string): string => `VirtualService.networking.istio.io/shop/${name}`;
