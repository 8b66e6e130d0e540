import { clusterKindOf, isBuilt, openCluster, PARTS } from '@meshfleet/cluster-real';
import type { OpenCluster } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions, istioPresets } from '@meshfleet/istio';
import { renderPreset } from '@meshfleet/manifest';
import type { Preset } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, eventually } from '../client.ts';
import { istioctlAnalyze } from './istioctl-analyze.ts';
import { neighboursOf, withOwner } from './neighbours.ts';
import { selfSigned } from './self-signed.ts';

const exampleOf = (preset: Preset): readonly KubeObject[] => {
  const rendered = renderPreset(preset, preset.example);
  return 'problems' in rendered ? expect.unreachable(JSON.stringify(rendered.problems)) : rendered.objects;
};

/** Warnings that istioctl has of every EnvoyFilter, whatever is in it, and of every rule for a wildcard: it looks hosts up by their very name. */
const OF_NO_USE = [/^IST0133 Warning EnvoyFilter .*exposes internal implementation details/, /^IST0174 Warning DestinationRule \S+: The host \*\./];
const ofNoUse = (message: string): boolean => OF_NO_USE.some((warning) => warning.test(message));

const presets = istioPresets.map((preset) => [preset.name, preset] as const);
const built = isBuilt(PARTS['istio-1.29']);

describe.skipIf(!built)(`istioctl analyze${built ? '' : ' (not run: istioctl is not built; npm run real:build builds it)'}`, { timeout: 60_000 }, () => {
  let cluster: OpenCluster;
  let before: ReadonlySet<string>;

  beforeAll(async () => {
    const neighbours = neighboursOf(istioPresets.flatMap(exampleOf), await selfSigned('shop.example.com'));
    const isPod = ({ kind }: KubeObject): boolean => kind === 'Pod';
    cluster = await openCluster(clusterKindOf(process.env), { name: 'presets', crds: [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions()], objects: neighbours.filter((object) => !isPod(object)) });
    const client = createClient(cluster);
    // A real API server takes no pod before the service account of its namespace is there.
    for (const pod of neighbours.filter(isPod)) await eventually(async () => (await client.post(`/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods`, pod)).status === 201);
    client.close();
    before = new Set(await istioctlAnalyze([], cluster.kubeconfig()));
  }, 120_000);
  afterAll(() => cluster.stop());

  /** What istioctl finds in the cluster with the objects that it does not find without. */
  const added = async (objects: readonly KubeObject[]): Promise<string[]> => (await istioctlAnalyze(objects.map(withOwner), cluster.kubeconfig())).filter((message) => !before.has(message) && !ofNoUse(message));

  it.each(presets)('finds nothing in the example of %s alone', async (_name, preset) => {
    expect((await istioctlAnalyze(exampleOf(preset).map(withOwner))).filter((message) => !ofNoUse(message))).toEqual([]);
  });

  it.each(presets)('finds nothing in the example of %s among its neighbours', async (_name, preset) => {
    expect(await added(exampleOf(preset))).toEqual([]);
  });

  it('finds fault with what is wrong', async () => {
    const service = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a', namespace: 'shop' }, spec: { hosts: ['a'], http: [{ route: [{ destination: { host: 'nowhere' } }] }] } };
    expect(await added([service])).toEqual([expect.stringMatching(/^IST0101 Error VirtualService/)]);
  });
});
