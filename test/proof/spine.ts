import { deployWorkload, kubectl, startMesh, type RealCluster } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { applyPolicy, deletePolicy, policyProgress } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { openProduct, type Product } from './open-product.ts';
import { provePolicies, type PolicyHand, type Shop } from './policy-by-traffic.ts';
import type { Proof, ProofReport } from './proof.ts';
import { REFUSED_BY_ISTIOD, STRICT } from './spine-manifests.ts';

/** How long proxies go on with connections that were open when a policy of what comes in changes: Istio's own 45 s are long to wait for. */
const DRAIN = { 'proxy.istio.io/config': JSON.stringify({ drainDuration: '5s' }) };

/** The spine of the product on a real mesh: a policy that was pushed is what callers are answered by. */
export const spine: Proof = {
  name: 'spine',
  title: 'policies, by kubectl and through the product, shown by traffic between real proxies',
  run: async (report) => {
    const from = performance.now();
    const mesh = await startMesh([{ name: 'east', istio: { version: '1.29' } }]);
    try {
      const [east] = mesh.clusters;
      if (east?.istiod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The mesh has no cluster with istiod' });
      const { cluster, nodes, istiod } = east;
      await createNamespace(cluster, 'shop', istiod.injectionLabel);
      await createNamespace(cluster, 'outside', {});
      await Promise.all([
        ...['v1', 'v2'].map((version) => deployWorkload(cluster, { name: `echo-${version}`, app: 'echo', version, namespace: 'shop', annotations: DRAIN })),
        deployWorkload(cluster, { name: 'client', namespace: 'shop' }),
        deployWorkload(cluster, { name: 'plain', namespace: 'outside' }),
      ]);
      const [client] = nodes.pods('shop', { app: 'client' });
      const [plain] = nodes.pods('outside', { app: 'plain' });
      if (client === undefined || plain === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The callers do not run', why: nodes.problems().join('\n') });
      report.say(`a real cluster with istiod ${istiod.version} and four workloads, up in ${((performance.now() - from) / 1000).toFixed(0)} s`);
      await prove(cluster, { client, plain, servers: nodes.pods('shop', { app: 'echo' }) }, report);
    } finally {
      await mesh.stop();
    }
  },
};

async function prove(cluster: RealCluster, shop: Shop, report: ProofReport): Promise<void> {
  report.section('Applied by kubectl');
  await provePolicies(byKubectl(cluster), shop, report);
  report.section('Pushed through the product');
  const product = await openProduct([cluster]);
  try {
    await provePolicies(byProduct(product, 'name=east'), shop, report);
    await refusedByIstiod(product, cluster, report);
  } finally {
    await product.close();
  }
}

async function createNamespace(cluster: RealCluster, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
}

function byKubectl(cluster: RealCluster): PolicyHand {
  return {
    apply: async (_name, manifests) => {
      await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], manifests);
    },
    withdraw: async (_name, manifests) => {
      await kubectl(cluster.kubeconfigFile, ['delete', '-f', '-'], manifests);
    },
  };
}

/** As a user of the product: the next step is taken when it says APPLIED. */
function byProduct({ client }: Product, clusterSelector: string): PolicyHand {
  return {
    apply: async (name, manifests) => {
      await applyPolicy(client, { name, manifests, clusterSelector });
      await until(`${name} is applied`, 30_000, async () => {
        const reached = [...(await policyProgress(client, name)).values()];
        return reached.length === 1 && reached.every(({ status }) => status === 'APPLIED');
      });
    },
    withdraw: (name) => deletePolicy(client, name),
  };
}

/** What the analysis finds is refused before it is pushed; forced, it is told with the words of istiod's webhook, and holds up no other object. */
async function refusedByIstiod({ client }: Product, cluster: RealCluster, report: ProofReport): Promise<void> {
  const policy = { name: 'refused', manifests: `${REFUSED_BY_ISTIOD}---\n${STRICT}`, clusterSelector: 'name=east' };
  const told = await applyPolicy(client, policy).then(() => 'taken', (error: unknown) => (error instanceof Error ? error.message : String(error)));
  report.row({ sent: 'a fault of 150 %', expected: 'refused with IST0106', seen: told, passed: told.includes('IST0106') });
  await applyPolicy(client, { ...policy, force: true });
  let refused: Condition | undefined;
  await until('the agent reports the refusal', 30_000, async () => {
    refused = (await conditionsOf(client, 'east')).find(({ key }) => key.includes('VirtualService'));
    return refused !== undefined;
  });
  report.row({
    sent: 'a fault of 150 %, forced',
    expected: "FAILED, with the webhook's words",
    seen: `${refused?.status}: ${refused?.message}`,
    passed: refused?.status === 'FAILED' && refused.message.includes('percentage'),
  });
  const beside = await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', 'peerauthentication', 'strict', '-o', 'jsonpath={.spec.mtls.mode}', '--ignore-not-found']);
  report.row({ sent: 'a PeerAuthentication in the same policy', expected: 'STRICT in the cluster', seen: beside || 'not there', passed: beside === 'STRICT' });
  await deletePolicy(client, 'refused');
}

interface Condition {
  readonly key: string;
  readonly status: string;
  readonly message: string;
}

async function conditionsOf(client: Product['client'], name: string): Promise<Condition[]> {
  const { cluster } = await client.request<{ cluster: { conditions: { nodes: Condition[] } } }>(
    'query ($name: String!) { cluster(name: $name) { conditions(first: 50) { nodes { key status message } } } }',
    { name },
  );
  return cluster.conditions.nodes;
}
