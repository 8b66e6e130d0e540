import { KubeConfig, KubernetesObjectApi, PatchStrategy, type KubernetesObject } from '@kubernetes/client-node';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** What a cluster needs before the agent can run outside of it: its namespace, service account and roles. */
const KINDS = new Set(['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);

/** Applies the roles of deploy/agent as `kubectl apply --server-side` would, so that the demo's agents can do no more than a user's. */
export async function applyAgentRole(kubeconfigFile: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigFile);
  const api = KubernetesObjectApi.makeApiClient(config);
  for (const object of agentManifests().filter(({ kind }) => KINDS.has(kind ?? ''))) {
    await api.patch(object, undefined, undefined, 'meshfleet-demo', true, PatchStrategy.ServerSideApply);
  }
}

function agentManifests(): KubernetesObject[] {
  const folder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'agent', 'manifests');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    // Our own manifests: Kubernetes objects by construction, and the API server refuses anything else.
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}
