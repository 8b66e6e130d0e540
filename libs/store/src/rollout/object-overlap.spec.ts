import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentHash, formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { touchedNames } from '@meshfleet/planner';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { heldObjectKeys, mayOverlap } from './object-overlap.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

async function overlap(one: readonly string[], other: readonly string[]): Promise<boolean | undefined> {
  const { rows } = await test.admin.query<{ may: boolean }>(`select ${mayOverlap('$1::jsonb', '$2::jsonb')} as may`, [JSON.stringify(one), JSON.stringify(other)]);
  return rows[0]?.may;
}

describe('two lists of object keys', () => {
  it.each<[readonly string[], readonly string[], boolean]>([
    [[], [], false],
    [['A/x/a'], [], false],
    [['A/x/b', 'A/x/a'], ['A/x/a'], true],
    [['A/x/a'], ['A/x/ab', 'A/x/b'], false],
    [['A/x/a-${cluster.name}'], ['A/x/a-b'], true],
    [['A/x/a-${cluster.name}'], ['A/x/b-a'], false],
    [['A/x/a-${x}', 'A/x/${y}-b'], ['B/x/a', 'A/z/a-b'], false],
    [['A/x/a-${x}'], ['A/x/a-${y}-b'], true],
    [['A/x/a_${x}'], ['A/x/abc'], false],
    [['A/x/a%b'], ['A/x/a-b'], false],
    [['A/x/a\\_${x}'], ['A/x/a\\_c'], true],
    [['A/x/${unclosed'], ['A/x/anything'], false],
    [['A/x/${unclosed'], ['A/x/${unclosed'], true],
    [['Namespace/shop .metadata.labels.a'], ['Namespace/shop .metadata.labels.b'], false],
    [['Namespace/shop .metadata.labels.a'], ['Namespace/shop .metadata.labels.a'], true],
    [['Namespace/shop ${*}'], ['Namespace/shop .metadata.labels.b'], true],
    [['Namespace/shop ${*}'], ['Namespace/bank .metadata.labels.b', 'ConfigMap/shop/a'], false],
  ])('%j and %j: %s', async (one, other, may) => {
    expect(await overlap(one, other)).toBe(may);
    expect(await overlap(other, one)).toBe(may);
  });

  it('may each be long', async () => {
    const keys = (name: string): string[] => Array.from({ length: 10_000 }, (_, index) => `ConfigMap/shop/${name}-${index}`);
    expect(await overlap(keys('a'), [...keys('b'), 'ConfigMap/shop/c-${cluster.name}'])).toBe(false);
  });
});

describe('what a stored version touches', () => {
  const body: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', labels: { 'a.b/c': '1', 'app.kubernetes.io/x': '2' }, annotations: { note: 'x', 'meshfleet.io/expires-at': '2030-01-01T00:00:00Z' } }, spec: { template: { metadata: { labels: { l: '1' }, annotations: { 'sidecar.istio.io/inject': 'true' } } } } };
  const plain: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop', labels: { a: 'b' } } };
  const key = (object: KubeObject): string => formatObjectKey(objectKeyOf(object));

  async function held(organizationId: string, policyId: string): Promise<readonly string[]> {
    const { rows } = await test.admin.query<{ names: string[] }>(`select ${heldObjectKeys('$2::uuid')} as names`, [organizationId, policyId]);
    return [...(rows[0]?.names ?? [])].sort();
  }

  it('is named as the planner names it: by labels and annotations where it sets no more', async () => {
    const organizationId = await test.createOrganization();
    const fleet = testFleet(test, organizationId);
    const template = { objects: [body, plain] };
    await fleet.addClusters([{ name: 'a' }]);
    const templated = await fleet.applyPolicy({ name: 'templated', template, clusterSelector: '' });
    const entries = [body, plain].map((object) => ({ key: key(object), hash: contentHash(object) }));
    const same = await fleet.applyPolicy({ name: 'same', entries, clusterSelector: '' });
    const objects = [body, plain].map((object) => ({ key: key(object), body: object }));
    expect(await held(organizationId, same)).toEqual(touchedNames(objects, false).sort());
    expect(await held(organizationId, same)).toContain('Deployment.apps/shop/web .spec.template.metadata.annotations.sidecar.istio.io/inject');
    expect(await held(organizationId, templated)).toEqual(touchedNames(objects, true).sort());
  });

  it('is any label of an object whose content nobody has', async () => {
    const organizationId = await test.createOrganization();
    const policy = await testFleet(test, organizationId).applyPolicy({ name: 'p', objects: { 'Namespace/shop': 'unknown' } });
    expect(await held(organizationId, policy)).toEqual(['Namespace/shop ${*}']);
  });
});
