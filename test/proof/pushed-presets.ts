import { ISTIO_VERSIONS, sendTraffic, startMesh, startTraffic, type RealMeshCluster } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { applyPolicy, deletePolicy, policyProgress, rolloutEnd } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { openProduct, type Product } from './open-product.ts';
import { byKubectl } from './presets/by-kubectl.ts';
import { byProduct, untilApplied } from './presets/by-product.ts';
import { allOf, shareOf } from './presets/measure.ts';
import { meshSettings } from './presets/mesh-settings.ts';
import { createWorldAuthority, openWorld } from './presets/outside-world.ts';
import { defaultDeny } from './presets/prove-authorization.ts';
import { strict } from './presets/prove-mutual-tls.ts';
import { faults } from './presets/prove-resilience.ts';
import { canary } from './presets/prove-splitting.ts';
import { untilKnown } from './presets/proxy-config.ts';
import { setOutside, setStage } from './presets/set-stage.ts';
import type { Stage } from './presets/stage.ts';
import type { Proof, ProofReport } from './proof.ts';
import { BRIEF, proveEndOfFault } from './prove-end-of-fault.ts';

const MINOR = '1.29';
const NAMESPACE = 'shop';
const CALLS = 400;
/** Long enough to count what callers are answered while the first wave is looked at. */
const SOAK_SECONDS = 15;

/** From the mutation to the answers of callers: the presets that matter most, at once and wave by wave. */
export const pushedPresets: Proof = {
  name: 'pushed-presets',
  title: 'presets pushed through the product, shown by traffic; a canary rolled out in two waves over two clusters, and a fault that ends on its date',
  record: { file: 'proof-through-product.json', istiod: ISTIO_VERSIONS[MINOR], whole: true },
  run: async (report) => {
    const from = performance.now();
    const authority = await createWorldAuthority();
    const mesh = await startMesh(['east', 'west'].map((name) => ({ name, istio: meshSettings(MINOR, authority.caPem), realNodes: [{ name: `${name}-node`, region: 'eu', zone: 'eu-a' }] })));
    try {
      const [east, west] = mesh.clusters;
      if (east === undefined || west === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'There are fewer than two clusters' });
      await Promise.all([east, west].map(setOutside));
      const world = await openWorld(east.cluster, east.nodes, authority);
      try {
        const set = (side: RealMeshCluster, ...more: string[]): Promise<Stage> => setStage(side, report, { namespace: NAMESPACE, workloads: more.map((name) => ({ name })), istiodMinor: MINOR, world, hand: byKubectl(side.cluster) });
        const [inEast, inWest] = await Promise.all([set(east), set(west, BRIEF)]);
        const product = await openProduct([east.cluster, west.cluster]);
        report.say(`two real clusters with an agent each, up in ${((performance.now() - from) / 1000).toFixed(0)} s`);
        try {
          // The fault lasts for a minute, beside the others. All are awaited, so that none goes on while the bed is taken away.
          const others = proveAtOnce(product, inEast).then(() => proveWaves(product, inEast, inWest));
          for (const end of await Promise.allSettled([others, proveEndOfFault(product, 'name=west', inWest)])) if (end.status === 'rejected') throw end.reason;
        } finally {
          await product.close();
        }
      } finally {
        await world.close();
      }
    } finally {
      await mesh.stop();
    }
  },
};

/** The very proofs that kubectl's hand passes, by the product's. */
async function proveAtOnce({ client }: Product, inEast: Stage): Promise<void> {
  const report: ProofReport = { ...inEast.report, section: (title) => { inEast.report.section(`${title}, pushed through the product`); } };
  const stage = { ...inEast, report, hand: byProduct(client, 'name=east') };
  for (const prove of [strict, defaultDeny, canary, faults]) await prove(stage);
}

const preset = (weight: number): { name: string; parameters: object } => ({
  name: 'weighted-canary',
  parameters: { namespace: NAMESPACE, host: 'echo', subsets: [{ name: 'stable', labels: { version: 'v1' }, weight: 100 - weight }, { name: 'canary', labels: { version: 'v2' }, weight }] },
});

async function proveWaves({ client }: Product, inEast: Stage, inWest: Stage): Promise<void> {
  const { report } = inEast;
  const both = [['east', inEast], ['west', inWest]] as const;
  report.section('weighted-canary, from 10 % to 60 % in two waves');
  const policy = { name: 'canary', clusterSelector: 'name in (east,west)' };
  await applyPolicy(client, { ...policy, preset: preset(10) });
  await untilApplied(client, policy.name);
  const knows = ({ client: caller, namespace }: Stage, weight: number): Promise<void> => untilKnown(caller, 'dynamic_route_configs', `"weight":${weight}`, `|canary|echo.${namespace}`);
  const shares = async (when: string, weights: readonly [number, number]): Promise<void> => {
    for (const [index, [name, stage]] of both.entries()) {
      const counts = await sendTraffic(stage.client, { url: stage.echo, perSecond: 200, total: CALLS });
      report.row(shareOf(`calls in ${name} ${when}`, CALLS, (weights[index] ?? 0) / 100, 'v2', counts.byVersion['v2'] ?? 0, ', else v1'));
    }
  };
  for (const [, stage] of both) await knows(stage, 10);
  await shares('before', [10, 10]);

  const traffic = await Promise.all(both.map(([, stage]) => startTraffic(stage.client, { url: stage.echo, perSecond: 50 })));
  const rollout = await applyPolicy(client, { ...policy, preset: preset(60), rollout: { waves: [{ name: 'first', clusterSelector: 'name=east', soakSeconds: SOAK_SECONDS }], gates: { findings: true } } });
  await until('the first wave has the new version', 60_000, async () => {
    const reached = (await policyProgress(client, policy.name)).get('east');
    return reached?.version === 2 && reached.status === 'APPLIED';
  });
  await knows(inEast, 60);
  await shares('while the first wave is looked at', [60, 10]);
  const end = await rolloutEnd(client, rollout);
  await knows(inWest, 60);
  await shares('after', [60, 60]);
  report.row({ sent: 'the rollout', expected: 'SUCCEEDED', seen: end, passed: end === 'SUCCEEDED' });
  for (const [index, [name]] of both.entries()) {
    const counts = await traffic[index]?.stop();
    if (counts !== undefined) report.row({ ...allOf(`calls in ${name} all through it`, counts, 200), expected: 'none failed' });
  }
  await deletePolicy(client, policy.name);
}
