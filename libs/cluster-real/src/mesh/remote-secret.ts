import type { KubeObject } from '@meshfleet/model';
import { kubeconfigFor } from '../cluster/kubeconfig.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import type { BedNetwork } from '../network/bed-network.ts';
import type { RealNodes } from '../node/start-node.ts';

/**
 * What an istiod in `from` needs to read this cluster: a Secret of the form that `istioctl create-remote-secret` prints, for Istio's
 * own reader account, with a token that expires. Cluster, user, context and key are all the cluster's name.
 */
export async function createRemoteSecret({ cluster, nodes }: { cluster: RealCluster; nodes: RealNodes }, from: BedNetwork): Promise<KubeObject> {
  const { name, caPem } = cluster;
  const { serverName } = nodes.apiServer;
  const url = await nodes.apiServer.urlFrom(from);
  const token = await cluster.createToken({ namespace: 'istio-system', name: 'istio-reader-service-account' });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `istio-remote-secret-${name}`, namespace: 'istio-system', labels: { 'istio/multiCluster': 'true' }, annotations: { 'networking.istio.io/cluster': name } },
    stringData: { [name]: kubeconfigFor({ name, url, caPem, serverName }, { name, token }) },
  };
}
