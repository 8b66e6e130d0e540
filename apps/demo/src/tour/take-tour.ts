import { MeshfleetError } from '@meshfleet/model';
import { isDeepStrictEqual } from 'node:util';
import { clusterNamed, type Fleet } from '../fleet.ts';
import type { GraphqlClient } from '../graphql-client.ts';
import { applyPolicy, deletePolicy, policyProgress } from '../policies.ts';
import type { Progress } from '../progress.ts';
import { until } from '../seed.ts';
import { BYSTANDER, MEETS_BYSTANDER, MORE_PATIENT, SHOP_BASELINE } from './manifests.ts';
import { openMeshObjects, type MeshObject } from './mesh-objects.ts';
import { foreseeConflicts, rollOut } from './staged.ts';

const POLICY = 'shop-baseline';
const PLACEMENT = { clusterSelector: 'env=prod' };
const PUSHED = ['peerauthentications/default', 'virtualservices/cart'];

/**
 * The main job over the public interfaces alone: push by label, see it applied, tamper, see it corrected, preview, roll out in
 * waves, see a bad version rolled back, withdraw, see exactly the pushed objects gone. Throws at the first step that does not hold.
 */
export async function takeTour(fleet: Fleet, client: GraphqlClient, progress: Progress): Promise<void> {
  const prod = ['frankfurt', 'virginia'].map((name) => openMeshObjects(clusterNamed(fleet, name).kubeconfigFile));
  const staging = openMeshObjects(clusterNamed(fleet, 'dublin').kubeconfigFile);
  const all = [...prod, staging];
  const [frankfurt] = prod;
  expectThat(frankfurt !== undefined, 'the demo has a cluster in Frankfurt');

  for (const cluster of all) await cluster.create('virtualservices', BYSTANDER);
  const before = await Promise.all(all.map((cluster) => cluster.snapshot()));

  await progress.step('Pushing a PeerAuthentication and a VirtualService to env=prod', async () => {
    await applyPolicy(client, { name: POLICY, manifests: SHOP_BASELINE, clusterSelector: 'env=prod', comment: 'Taken on the tour' });
    await until('the policy is applied in both clusters', 30_000, async () => {
      const reached = await policyProgress(client, POLICY);
      return reached.size === 2 && [...reached.values()].every(({ status }) => status === 'APPLIED');
    });
  });

  await progress.step('Finding the objects in the two production clusters, and not in staging', async () => {
    for (const cluster of prod) {
      const held = await cluster.snapshot();
      expectThat(PUSHED.every((key) => held.has(key)), 'both objects are in each production cluster');
      expectThat(modeOf(held) === 'STRICT', 'mutual TLS is strict');
    }
    expectThat(isDeepStrictEqual(await staging.snapshot(), before[2]), 'staging is as it was');
  });

  await progress.step('Tampering by hand in Frankfurt, and seeing it corrected and reported', async () => {
    await frankfurt.tamper('peerauthentications', 'default', { '/spec/mtls/mode': 'PERMISSIVE' }, 'kubectl-patch');
    await until('strict mutual TLS is back', 30_000, async () => modeOf(await frankfurt.snapshot()) === 'STRICT');
    await until('the correction is reported with its cause', 30_000, async () => {
      const conditions = await conditionsOf(client, 'frankfurt');
      return conditions.some(({ key, status, manager }) => key.includes('PeerAuthentication') && status === 'CORRECTED' && manager === 'kubectl-patch');
    });
  });

  await progress.step('Previewing a version that asks for somebody else’s object, and being told so', async () => {
    const foreseen = await foreseeConflicts(client, { name: POLICY, manifests: MEETS_BYSTANDER, placement: PLACEMENT });
    expectThat([...foreseen.keys()].join() === 'frankfurt,virginia', 'it would change the two production clusters');
    expectThat([...foreseen.values()].every((keys) => keys.join() === 'VirtualService.networking.istio.io/shop/catalog'), 'each of them has the object already');
  });

  await progress.step('Rolling it out all the same: stopped at Frankfurt, and rolled back by itself', async () => {
    const held = await Promise.all(all.map((cluster) => cluster.snapshot()));
    expectThat((await rollOut(client, { name: POLICY, manifests: MEETS_BYSTANDER, placement: PLACEMENT })) === 'ROLLED_BACK', 'the rollout is rolled back');
    await until('each production cluster holds what it held before, to the letter', 30_000, async () => isDeepStrictEqual(specsOf(await Promise.all(all.map((cluster) => cluster.snapshot()))), specsOf(held)));
    expectThat([...(await policyProgress(client, POLICY)).values()].every(({ version }) => version === 1), 'both are assigned the first version');
  });

  await progress.step('Rolling out a better one: Frankfurt first, then Virginia', async () => {
    expectThat((await rollOut(client, { name: POLICY, manifests: MORE_PATIENT, placement: PLACEMENT })) === 'SUCCEEDED', 'the rollout succeeds');
    for (const cluster of prod) expectThat(JSON.stringify((await cluster.snapshot()).get('virtualservices/cart')?.spec).includes('"timeout":"5s"'), 'each production cluster has the new timeout');
  });

  await progress.step('Withdrawing the policy', async () => {
    await deletePolicy(client, POLICY);
    await until('both clusters are rid of it', 30_000, async () => {
      const held = await Promise.all(prod.map((cluster) => cluster.snapshot()));
      return held.every((objects) => PUSHED.every((key) => !objects.has(key)));
    });
  });

  await progress.step('Finding exactly those objects gone, and everything else untouched', async () => {
    const after = await Promise.all(all.map((cluster) => cluster.snapshot()));
    expectThat(isDeepStrictEqual(after, before), 'every cluster holds what it held before, to the letter');
  });
}

async function conditionsOf(client: GraphqlClient, name: string) {
  const { cluster } = await client.request<{
    cluster: { conditions: { nodes: { key: string; status: string; manager: string | null }[] } };
  }>(`query ($name: String!) { cluster(name: $name) { conditions(first: 50) { nodes { key status manager } } } }`, { name });
  return cluster.conditions.nodes;
}

/** What objects say, without what an API server counts. */
function specsOf(clusters: readonly Map<string, MeshObject>[]): unknown {
  return clusters.map((objects) => [...objects].map(([name, { spec }]) => [name, spec]));
}

function modeOf(objects: Map<string, MeshObject>): unknown {
  const mtls = objects.get('peerauthentications/default')?.spec['mtls'];
  return typeof mtls === 'object' && mtls !== null && 'mode' in mtls ? mtls.mode : undefined;
}

function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new MeshfleetError({ code: 'INTERNAL', summary: `The tour expected that ${what}` });
}
