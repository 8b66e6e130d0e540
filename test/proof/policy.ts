import { behave, deployWorkload, ISTIO_VERSIONS, kubectl, startMesh, type IstioMinor, type RealNodes, type RealPod } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions } from '@meshfleet/istio';
import { MeshfleetError } from '@meshfleet/model';
import { proveBalancing } from './presets/prove-balancing.ts';
import { proveEgress } from './presets/prove-egress.ts';
import { proveGatewayApi } from './presets/prove-gateway-api.ts';
import { GLOBAL_LIMIT, proveRateLimits } from './presets/prove-rate-limits.ts';
import { proveResilience } from './presets/prove-resilience.ts';
import { proveSecurity } from './presets/prove-security.ts';
import { proveSplitting } from './presets/prove-splitting.ts';
import { DRAIN, NAMESPACE, type Stage } from './presets/stage.ts';
import type { Proof } from './proof.ts';

/** MESHFLEET_PROOF_ISTIO names another minor version. */
const MINOR = (process.env['MESHFLEET_PROOF_ISTIO'] ?? '1.29') as IstioMinor; // checked below
const OUTSIDE = 'outside';

/** Presets that change what requests do, by what requests then do between real proxies. */
export const policy: Proof = {
  name: 'policy',
  title: 'presets, each shown by what callers are answered under it',
  istiod: ISTIO_VERSIONS[MINOR],
  run: async (report) => {
    if (ISTIO_VERSIONS[MINOR] === undefined) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `There is no Istio ${MINOR} here`, fix: `Set MESHFLEET_PROOF_ISTIO to ${Object.keys(ISTIO_VERSIONS).join(' or ')}.` });
    const from = performance.now();
    const realNodes = [{ name: 'real-eu', region: 'eu', zone: 'eu-a' }, { name: 'real-us', region: 'us', zone: 'us-a' }];
    const mesh = await startMesh([{ name: 'east', istio: { version: MINOR, meshConfig: { defaultConfig: { drainDuration: DRAIN } } }, realNodes, objects: gatewayApiCustomResourceDefinitions() }]);
    try {
      const [east] = mesh.clusters;
      if (east?.istiod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The mesh has no cluster with istiod' });
      const { cluster, nodes, istiod } = east;
      for (const [name, labels] of [[NAMESPACE, istiod.injectionLabel], [OUTSIDE, {}]] as const) {
        await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
      }
      const shop = { namespace: NAMESPACE, region: 'eu' };
      await Promise.all([
        deployWorkload(cluster, { ...shop, name: 'echo-v1', app: 'echo', version: 'v1' }),
        deployWorkload(cluster, { ...shop, name: 'echo-v2', app: 'echo', version: 'v2' }),
        deployWorkload(cluster, { ...shop, name: 'client' }),
        deployWorkload(cluster, { ...shop, name: 'other' }),
        deployWorkload(cluster, { ...shop, name: 'geo-eu', app: 'geo', version: 'eu' }),
        deployWorkload(cluster, { ...shop, name: 'geo-us', app: 'geo', version: 'us', region: 'us' }),
        deployWorkload(cluster, { ...shop, name: 'limits', rateLimit: GLOBAL_LIMIT }),
        deployWorkload(cluster, { namespace: OUTSIDE, name: 'plain' }),
      ]);
      report.say(`a real cluster with istiod ${istiod.version} and eight workloads, up in ${((performance.now() - from) / 1000).toFixed(0)} s`);
      const shopPod = (app: string, version = 'v1'): RealPod => podOf(nodes, NAMESPACE, { app, version });
      const stage = { cluster, nodes, report, client: shopPod('client'), other: shopPod('other'), plain: podOf(nodes, OUTSIDE, { app: 'plain' }), v1: shopPod('echo'), v2: shopPod('echo', 'v2') };
      for (const prove of [proveSplitting, proveBalancing, proveResilience, proveRateLimits, proveSecurity, proveEgress, proveGatewayApi]) await goOn(prove, stage);
    } finally {
      await mesh.stop();
    }
  },
};

/** What breaks off is a failure, and keeps no other proof from being made. */
async function goOn(prove: (stage: Stage) => Promise<void>, stage: Stage): Promise<void> {
  try {
    await prove(stage);
  } catch (error) {
    const seen = error instanceof MeshfleetError ? `${error.summary}. ${error.why ?? ''}` : String(error);
    stage.report.row({ sent: prove.name, expected: 'runs to its end', seen, passed: false });
    for (const pod of [stage.v1, stage.v2]) await behave(pod, {});
  }
}

function podOf(nodes: RealNodes, namespace: string, labels: Readonly<Record<string, string>>): RealPod {
  const [pod] = nodes.pods(namespace, labels);
  if (pod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `No pod of ${JSON.stringify(labels)} runs`, why: nodes.problems().join('\n') });
  return pod;
}
