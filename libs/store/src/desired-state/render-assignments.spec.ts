import { createCatalogue, managedGroups } from '@meshfleet/manifest';
import { contentHash } from '@meshfleet/model';
import type { ServedKind } from '@meshfleet/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import type { LoadedCluster } from './load-clusters.ts';
import { renderAssignments } from './render-assignments.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const object = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a', namespace: 'shop' }, spec: { text: '${var.text}' } };
const key = 'Thing.example.com/shop/a';

/** A kind whose every demand on `spec.text` is one of a cluster's own making. */
function thing(text: ServedKind['versions'][number]['schema']): ServedKind {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { text } } } };
  return { group: 'example.com', kind: 'Thing', plural: 'things', scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema }] };
}

/** What cannot be rendered for a cluster that serves this, as it says for the kind of our object. */
async function unrendered(served: ServedKind, name = 'Thing.example.com'): Promise<readonly string[]> {
  const organizationId = await test.createOrganization();
  const [id] = await testFleet(test, organizationId).addClusters([{ name: 'east' }]);
  const digest = contentHash(served);
  await test.admin.query('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, 1)', [organizationId, digest, JSON.stringify(served)]);
  await test.admin.query(`update cluster set facts = jsonb_build_object('kindSchemas', $2::jsonb) where id = $1`, [id, JSON.stringify({ [name]: digest })]);
  const assignment = { policyId: '00000000-0000-7000-8000-000000000001', policyName: 'p', createdAt: 0, version: 1, objects: [{ key, hash: 'h' }, { key: 'Other.example.com/shop/a', hash: 'absent' }], drift: 'CORRECT', conflicts: 'REPORT', inputs: [], variables: [{ name: 'text', description: null, default: 'x', values: [] }], patches: [] };
  // Of a loaded cluster, renderings read no more than this.
  const cluster = { id, previous: { state: { entries: [] }, shares: [] }, assignments: [assignment] } as unknown as LoadedCluster;
  const known = createCatalogue([{ ...thing({ type: 'string' }), singular: 'thing', shortNames: [], categories: [], versions: [{ name: 'v1', served: true, storage: true, deprecated: false, subresources: [], printerColumns: [], schema: { type: 'object', properties: { spec: { type: 'object', properties: { text: { type: 'string' } } } } } }] }]);
  const means = { catalogue: () => known, options: { manages: managedGroups('example.com') }, keep: false, templates: new Map([['h', object]]) };
  const [rendered] = await test.store.transaction(organizationId, (tx) => renderAssignments(tx, [cluster], means));
  return rendered?.unrendered.map(({ message }) => message) ?? [];
}

describe('renderings for clusters with schemas of their own', () => {
  it('are held to their structure', async () => {
    expect(await unrendered(thing({ type: 'integer' }))).toEqual([expect.stringContaining('integer')]);
  });

  it('run no pattern and no rule that an agent sent: nothing bounds their time', async () => {
    expect(await unrendered(thing({ type: 'string', pattern: '^never$', 'x-kubernetes-validations': [{ rule: 'false' }] }))).toEqual([]);
  });

  it('are not held to what is sent as one kind and told as another', async () => {
    expect(await unrendered(thing({ type: 'integer' }), 'Other.example.com')).toEqual([]);
  });
});
