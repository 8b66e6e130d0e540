import { clusterKindOf, isBuilt, ISTIO_VERSIONS, openCluster, PARTS } from '@meshfleet/cluster-real';
import type { IstioMinor, OpenCluster } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions, istioPresets } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, eventually } from '../client.ts';
import { analyzeSets } from './analyze-sets.ts';
import type { Findings } from './analyze-sets.ts';
import { istioctlAnalyze } from './istioctl-analyze.ts';
import { neighboursOf } from './neighbours.ts';
import { parameterSets, RANDOM_SETS } from './parameter-sets.ts';
import type { ParameterSet } from './parameter-sets.ts';
import { selfSigned } from './self-signed.ts';

// The keys of a literal.
const minors = Object.keys(ISTIO_VERSIONS) as IstioMinor[];
const built = minors.filter((minor) => isBuilt(PARTS[`istio-${minor}`]));
const sets = built.length === 0 ? [] : istioPresets.flatMap((preset) => parameterSets(preset, RANDOM_SETS));
const names = istioPresets.map(({ name }) => name);

for (const minor of minors) if (!built.includes(minor)) it.skip(`istioctl analyze ${minor} finds nothing in presets (not run: istioctl is not built; npm run real:build builds it)`);

describe.skipIf(built.length === 0)('presets with their examples and with random parameters', { timeout: 60_000 }, () => {
  let cluster: OpenCluster;

  beforeAll(async () => {
    cluster = await withNeighbours(sets);
  }, 180_000);
  afterAll(() => cluster.stop(), 60_000);

  it.each(names)('are as many of %s as were asked for', (name) => {
    expect(sets.filter(({ preset }) => preset === name)).toHaveLength(1 + RANDOM_SETS);
  });

  describe.each(built)('for istioctl analyze %s', (minor) => {
    let known: ReadonlySet<string>;
    let alone: Findings;
    let among: Findings;

    beforeAll(async () => {
      known = new Set(await istioctlAnalyze(minor, [], cluster.kubeconfig()));
      alone = await analyzeSets(minor, sets);
      among = await analyzeSets(minor, sets, { kubeconfig: cluster.kubeconfig(), known });
    }, 120_000);

    it.each(names)('leave nothing to find in %s alone', (name) => {
      expect(alone.of(name)).toEqual([]);
    });

    it.each(names)('leave nothing to find in %s among its neighbours', (name) => {
      expect(among.of(name)).toEqual([]);
    });

    it('leave nothing to find in what is not theirs', () => {
      expect([...alone.elsewhere, ...among.elsewhere]).toEqual([]);
    });

    it('are set beside what is wrong, which is found', async () => {
      const service = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a', namespace: 'shop' }, spec: { hosts: ['a'], http: [{ route: [{ destination: { host: 'nowhere' } }] }] } };
      const found = await analyzeSets(minor, [{ preset: 'wrong', title: 'the only one', parameters: {}, objects: [service] }], { kubeconfig: cluster.kubeconfig(), known });
      expect(found.of('wrong')).toEqual([expect.stringContaining('IST0101 Error VirtualService')]);
    });
  });
});

/** A cluster in which everything stands that the sets need to make sense. */
async function withNeighbours(of: readonly ParameterSet[]): Promise<OpenCluster> {
  const neighbours = neighboursOf(of.flatMap(({ objects }) => objects), await selfSigned('shop.example.com'));
  const isPod = ({ kind }: KubeObject): boolean => kind === 'Pod';
  const cluster = await openCluster(clusterKindOf(process.env), { name: 'presets', crds: [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions('experimental')], objects: neighbours.filter((object) => !isPod(object)) });
  const client = createClient(cluster);
  const waiting = neighbours.filter(isPod).values();
  const lane = async (): Promise<void> => {
    // A real API server takes no pod before the service account of its namespace is there.
    for (const pod of waiting) await eventually(async () => (await client.post(`/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods`, pod)).status === 201);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  client.close();
  return cluster;
}
