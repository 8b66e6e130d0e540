import { KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';

/** What a cluster is known by, whatever people call it: the uid of its kube-system namespace. */
export async function readClusterUid(kubeconfigFile: string): Promise<string> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigFile);
  const { metadata } = await KubernetesObjectApi.makeApiClient(config).read({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
  return metadata?.uid ?? '';
}
