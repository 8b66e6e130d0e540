import { kubectl, type RealMeshCluster } from '@meshfleet/cluster-real';
import { until } from './presets/until.ts';
import type { ProofReport } from './proof.ts';

const ECHO = { namespace: 'shop', name: 'echo', host: 'echo.shop.svc.cluster.local' };
/** An identity without a trust domain. */
const NOBODYS = 'spiffe:///';

/**
 * Waits until the istiod of `from` has read who the service `echo` is in `to`. Istio 1.29.1 reads the trust domain out of the other
 * cluster's mesh configuration, and does not wait for that: where endpoints come first their identities have none, callers refuse the
 * certificates of every one of them, and istiod never looks again (istio/istio#59474, mended in 1.29.2). It does when their slice changes.
 */
export async function untilIdentityRead(from: RealMeshCluster, to: RealMeshCluster, report: ProofReport): Promise<void> {
  let seen: readonly string[] = [];
  let again = 0;
  await until(
    `the istiod of ${from.cluster.name} knows who ${ECHO.name} is in ${to.cluster.name}`,
    async () => {
      seen = await identities(from, to.cluster.name);
      if (!seen.some((identity) => identity.startsWith(NOBODYS))) return seen.length > 0;
      if (again === 0) report.say(`istiod ${from.istiod?.version} has read ${to.cluster.name} before its mesh configuration: ${seen.join(', ')}. Its endpoints are shown to it again`);
      again += 1;
      await kubectl(to.cluster.kubeconfigFile, ['-n', ECHO.namespace, 'annotate', '--overwrite', 'endpointslice', '-l', `kubernetes.io/service-name=${ECHO.name}`, `proof.meshfleet.io/read-again=${again}`]);
      return false;
    },
    () => Promise.resolve(`It takes it for ${seen.join(', ') || 'nobody'}.`),
  );
}

/** Pages of istiod's debug interface are its own JSON. */
type Shards = Readonly<Record<string, Readonly<Record<string, { readonly Shards?: Readonly<Record<string, readonly { readonly ServiceAccount?: string }[] | null>> }>>>>;

async function identities({ istiod }: RealMeshCluster, cluster: string): Promise<string[]> {
  const shards = (await istiod?.debug('endpointShardz')) as Shards | undefined;
  return (shards?.[ECHO.host]?.[ECHO.namespace]?.Shards?.[`Kubernetes/${cluster}`] ?? []).map(({ ServiceAccount = '' }) => ServiceAccount);
}
