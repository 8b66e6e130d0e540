import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { startSimulatedCluster, shop, type SimulatedCluster } from '@meshfleet/cluster-sim';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyAgentRole } from './agent-role.ts';

/** The demo's fleet: two production clusters and a staging one. */
export const FLEET = [
  { name: 'frankfurt', labels: { env: 'prod', region: 'eu-central-1' } },
  { name: 'virginia', labels: { env: 'prod', region: 'us-east-1' } },
  { name: 'dublin', labels: { env: 'staging', region: 'eu-west-1' } },
] as const;

export interface DemoCluster {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly cluster: SimulatedCluster;
  /** For people: the administrator's kubeconfig. */
  readonly kubeconfigFile: string;
  /** For the agent: its service account's, with exactly the role of deploy/agent. */
  readonly agentKubeconfigFile: string;
}

const AGENT_TOKEN_SECONDS = 7 * 24 * 3600;

/** Starts (or resumes) one simulated cluster with Istio's kinds, the shop and the agent's role. */
export async function startDemoCluster(spec: (typeof FLEET)[number], folder: string): Promise<DemoCluster> {
  const cluster = await startSimulatedCluster({
    name: spec.name,
    dataFile: join(folder, `${spec.name}.data`),
    crds: istioCustomResourceDefinitions(),
    objects: shop(),
    nodes: 3,
  });
  const kubeconfigFile = join(folder, `${spec.name}.kubeconfig`);
  writeFileSync(kubeconfigFile, cluster.kubeconfig(), { mode: 0o600 });
  await applyAgentRole(kubeconfigFile);
  const token = await cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }, { expirationSeconds: AGENT_TOKEN_SECONDS });
  const agentKubeconfigFile = join(folder, `${spec.name}.agent.kubeconfig`);
  writeFileSync(agentKubeconfigFile, cluster.kubeconfig({ token, name: 'meshfleet-agent' }), { mode: 0o600 });
  return { name: spec.name, labels: { ...spec.labels }, cluster, kubeconfigFile, agentKubeconfigFile };
}
