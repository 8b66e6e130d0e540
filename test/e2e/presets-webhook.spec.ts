import { clusterKindOf, ISTIO_VERSIONS, kubectl, meshLimit, startMesh } from '@meshfleet/cluster-real';
import type { IstioMinor, RealMesh } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions, istioPresets } from '@meshfleet/istio';
import { formatManifests, renderPreset } from '@meshfleet/manifest';
import { isMetadataOnly } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const limit = clusterKindOf(process.env) === 'real' ? meshLimit() : 'MESHFLEET_TEST_CLUSTERS=real asks for it';
// The keys of a literal.
const minors = Object.keys(ISTIO_VERSIONS) as IstioMinor[];

const presets = istioPresets.map((preset) => {
  const rendered = renderPreset(preset, preset.example);
  const objects = 'objects' in rendered ? rendered.objects : [];
  return [preset.name, objects.filter((object) => !isMetadataOnly(object))] as const;
});

if (limit !== undefined) it.skip(`the validation webhooks of istiod take every preset (not run: ${limit})`);

describe.each(limit === undefined ? minors : [])('the validation webhook of istiod %s', { timeout: 60_000 }, (minor) => {
  let mesh: RealMesh;
  const ask = (objects: readonly KubeObject[]): Promise<string> => kubectl(mesh.clusters[0]?.cluster.kubeconfigFile ?? '', ['apply', '--dry-run=server', '--server-side', '-f', '-'], formatManifests(objects));

  beforeAll(async () => {
    mesh = await startMesh([{ name: 'east', istio: { version: minor }, realNodes: [{ name: 'real-a', region: 'eu', zone: 'eu-a' }], objects: gatewayApiCustomResourceDefinitions('experimental') }]);
    const names = new Set(presets.flatMap(([, objects]) => objects.flatMap(({ metadata }) => metadata.namespace ?? [])));
    names.delete('istio-system');
    await kubectl(mesh.clusters[0]?.cluster.kubeconfigFile ?? '', ['apply', '-f', '-'], formatManifests([...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))));
  }, 180_000);
  afterAll(() => mesh.stop(), 60_000);

  it.each(presets.filter(([, objects]) => objects.length > 0))('takes the example of %s', async (_name, objects) => {
    const answer = await ask(objects);
    expect(answer.trim().split('\n')).toHaveLength(objects.length);
  });

  it('refuses what the schemas would let pass', async () => {
    const nothing = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'nothing', namespace: 'shop' }, spec: { action: 'DENY' } };
    await expect(ask([nothing])).rejects.toMatchObject({ why: expect.stringContaining('DENY action without `rules` is meaningless') as string });
  });
});
