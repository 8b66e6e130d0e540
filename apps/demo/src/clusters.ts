import { openCluster, type ClusterKind, type OpenCluster } from '@meshfleet/cluster-real';
import { shop } from '@meshfleet/cluster-sim';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyAgentRole } from './agent-role.ts';
import { readClusterUid } from './cluster-uid.ts';

/** The demo's fleet: two production clusters and a staging one. */
export const FLEET = [
  { name: 'frankfurt', labels: { env: 'prod', region: 'eu-central-1' } },
  { name: 'virginia', labels: { env: 'prod', region: 'us-east-1' } },
  { name: 'dublin', labels: { env: 'staging', region: 'eu-west-1' } },
] as const;

export interface DemoCluster {
  readonly name: string;
  /** By this the hub knows it, also under another name. */
  readonly uid: string;
  readonly labels: Record<string, string>;
  readonly cluster: OpenCluster;
  /** For people: the administrator's kubeconfig. */
  readonly kubeconfigFile: string;
  /** For the agent: its service account's, with exactly the role of deploy/agent. */
  readonly agentKubeconfigFile: string;
}

const AGENT_TOKEN_SECONDS = 7 * 24 * 3600;

/** Starts (or resumes) one cluster with Istio's kinds, the shop and the agent's role. */
export async function startDemoCluster(kind: ClusterKind, index: number, folder: string): Promise<DemoCluster> {
  const spec = FLEET[index] ?? FLEET[0];
  const cluster = await openCluster(kind, {
    name: spec.name,
    index,
    dataDir: folder,
    crds: istioCustomResourceDefinitions(),
    objects: kind === 'real' ? shop().map(uncalled) : shop(),
    nodes: 3,
    region: spec.labels.region,
  });
  try {
    const kubeconfigFile = join(folder, `${spec.name}.kubeconfig`);
    writeFileSync(kubeconfigFile, cluster.kubeconfig(), { mode: 0o600 });
    await applyAgentRole(kubeconfigFile);
    const token = await cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }, { expirationSeconds: AGENT_TOKEN_SECONDS });
    const agentKubeconfigFile = join(folder, `${spec.name}.agent.kubeconfig`);
    writeFileSync(agentKubeconfigFile, cluster.kubeconfig({ token, name: 'meshfleet-agent' }), { mode: 0o600 });
    return { name: spec.name, uid: await readClusterUid(kubeconfigFile), labels: { ...spec.labels }, cluster, kubeconfigFile, agentKubeconfigFile };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** No istiod runs behind the shop's Istio: a real API server must not wait for its injector whenever a pod is made. */
function uncalled(object: KubeObject): KubeObject {
  if (object.kind !== 'MutatingWebhookConfiguration') return object;
  // Our own fixture, of the shape that the kind has.
  const webhooks = object['webhooks'] as object[];
  return { ...object, webhooks: webhooks.map((webhook) => ({ ...webhook, matchConditions: [{ name: 'no-injector-runs', expression: 'false' }] })) };
}
