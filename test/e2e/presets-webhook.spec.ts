import { clusterKindOf, ISTIO_VERSIONS, kubectl, meshLimit, startMesh } from '@meshfleet/cluster-real';
import type { IstioMinor, RealMesh } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions, istioPresets } from '@meshfleet/istio';
import { formatManifests } from '@meshfleet/manifest';
import { isMetadataOnly, MeshfleetError } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { judgeHealth } from '../../apps/agent/src/health/judge-health.ts';
import { statusConditions } from '../../apps/agent/src/health/status-conditions.ts';
import { parameterSets, RANDOM_SETS } from '../conformance/presets/parameter-sets.ts';

const limit = clusterKindOf(process.env) === 'real' ? meshLimit() : 'MESHFLEET_TEST_CLUSTERS=real asks for it';
// The keys of a literal.
const minors = Object.keys(ISTIO_VERSIONS) as IstioMinor[];

/** What somebody else owns gets labels and annotations: no webhook of istiod looks at those. */
const sets = limit === undefined ? istioPresets.flatMap((preset) => parameterSets(preset, RANDOM_SETS)).map((set) => ({ ...set, objects: set.objects.filter((object) => !isMetadataOnly(object)) })).filter(({ objects }) => objects.length > 0) : [];

if (limit !== undefined) it.skip(`the validation webhooks of istiod take every preset (not run: ${limit})`);

describe.each(limit === undefined ? minors : [])('the validation webhook of istiod %s', { timeout: 60_000 }, (minor) => {
  let mesh: RealMesh;
  let refused: readonly string[];

  const run = (args: readonly string[], objects: readonly KubeObject[]): Promise<string> => kubectl(mesh.clusters[0]?.cluster.kubeconfigFile ?? '', args, formatManifests(objects));
  /** What the API server says against objects, warnings too; undefined when it takes them. */
  const ask = async (objects: readonly KubeObject[]): Promise<string | undefined> => {
    const apply = ['apply', '--dry-run=server', '--server-side', '-f', '-'];
    // Of every EnvoyFilter istiod warns, whatever is in it.
    const [filters, others] = [objects.filter(({ kind }) => kind === 'EnvoyFilter'), objects.filter(({ kind }) => kind !== 'EnvoyFilter')];
    try {
      const answers = [filters.length === 0 ? '' : await run(apply, filters), others.length === 0 ? '' : await run([...apply, '--warnings-as-errors'], others)];
      const taken = answers.join('').trim().split('\n').length;
      return taken === objects.length ? undefined : `${String(taken)} of ${String(objects.length)} objects were taken`;
    } catch (error) {
      if (error instanceof MeshfleetError) return error.why;
      throw error;
    }
  };

  beforeAll(async () => {
    mesh = await startMesh([{ name: 'east', istio: { version: minor, values: { global: { istiod: { enableAnalysis: true } } } }, realNodes: [{ name: 'real-a', region: 'eu', zone: 'eu-a' }], objects: gatewayApiCustomResourceDefinitions('experimental') }]);
    const names = new Set(sets.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.namespace ?? [])));
    names.delete('istio-system');
    await run(['create', '-f', '-'], [...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
    // One question for all of them; only when there is something to say is it asked of whom.
    refused = (await ask(sets.flatMap(({ objects }) => objects))) === undefined ? [] : await eachRefused();
  }, 300_000);
  afterAll(() => mesh.stop(), 60_000);

  async function eachRefused(): Promise<string[]> {
    const said: string[] = [];
    for (const { preset, title, parameters, objects } of sets) {
      const why = await ask(objects);
      if (why !== undefined) said.push(`${preset}, ${title}: ${why} (${JSON.stringify(parameters)})`);
    }
    return said;
  }

  it.each([...new Set(sets.map(({ preset }) => preset))])('takes the example of %s and random parameters, without a warning', (name) => {
    expect(refused.filter((said) => said.startsWith(`${name}, `))).toEqual([]);
  });

  it('refuses what the schemas would let pass', async () => {
    const nothing = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'nothing', namespace: 'default' }, spec: { action: 'DENY' } };
    expect(await ask([nothing])).toContain('DENY action without `rules` is meaningless');
  });

  it('writes what its analysis finds where agents read it', async () => {
    const lost = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'lost', namespace: 'default' }, spec: { hosts: ['lost.example.com'], gateways: ['nowhere'], http: [{ route: [{ destination: { host: 'kubernetes' } }] }] } };
    await run(['apply', '-f', '-'], [lost]);
    const read = async () => JSON.parse(await kubectl(mesh.clusters[0]?.cluster.kubeconfigFile ?? '', ['get', 'virtualservice', 'lost', '-o', 'json'])) as KubeObject;
    await vi.waitFor(async () => expect(statusConditions(await read())).not.toEqual([]), { timeout: 50_000, interval: 500 });
    const seen = await read();
    expect(statusConditions(seen)).toContainEqual(expect.objectContaining({ type: 'PassedAnalysis', status: 'False', reason: 'IST0101' }));
    expect(judgeHealth(seen)).toMatchObject({ state: 'UNHEALTHY', reason: 'IST0101' });
  });
});
