import type { KubeObject } from '@meshfleet/model';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { Store, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const CLUSTERS = 400;

const entry = (host: string): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'books', namespace: 'shop' },
  spec: { hosts: [host], ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }], resolution: 'DNS' },
});

/** The same store, which counts statements. */
function counting(store: Store): { store: Store; count: () => number } {
  let statements = 0;
  const counted: Store = {
    ...store,
    transaction: (organizationId, work, options) =>
      store.transaction(
        organizationId,
        (tx) =>
          work({
            organizationId,
            notify: (channel, payload) => tx.notify(channel, payload),
            send: (text, values) => {
              statements += 1;
              tx.send(text, values);
            },
            query: <R extends object>(text: string, values?: readonly unknown[]) => {
              statements += 1;
              return tx.query<R>(text, values);
            },
          }),
        options,
      ),
  };
  return { store: counted, count: () => statements };
}

interface Edit {
  readonly statements: number;
  readonly renderings: number;
  readonly contents: number;
}

/** What an edit of one policy that reaches three clusters costs, beside so many policies that differ from cluster to cluster. */
async function editAmong(policies: number): Promise<Edit> {
  const organizationId = await test.createOrganization();
  const fleet = testFleet(test, organizationId);
  await fleet.addClusters(Array.from({ length: CLUSTERS }, (_, index) => ({ name: `c${index}`, region: index % 2 === 0 ? 'eu' : 'us', labels: index < 3 ? { canary: 'yes' } : {} })));
  const neighbours: string[] = [];
  for (let index = 0; index < policies; index += 1) {
    const object = { ...entry(`n${index}.\${cluster.region}.example.com`), metadata: { name: `n${index}`, namespace: 'shop' } };
    neighbours.push(await fleet.applyPolicy({ name: `n${index}`, clusterSelector: '', template: { objects: [object] } }));
  }
  await applyPolicyChanges(test.store, { organizationId, changes: neighbours.map((policyId) => ({ policyId, actor: 'user:a' })) });
  const rows = async (table: string): Promise<number> => (await test.admin.query<{ count: number }>(`select count(*)::int as count from ${table} where organization_id = $1`, [organizationId])).rows[0]?.count ?? 0;
  // Two kinds of clusters, so two renderings of each policy, however many clusters there are.
  expect(await rows('policy_rendering')).toBe(policies * 2);

  const edit = (host: string) => fleet.applyPolicy({ name: 'edited', clusterSelector: 'canary=yes', template: { objects: [entry(host)] } });
  const policyId = await edit('a.${cluster.name}.example.com');
  await applyPolicyChanges(test.store, { organizationId, changes: [{ policyId, actor: 'user:a' }] });
  await edit('b.${cluster.name}.example.com');
  const before = { renderings: await rows('policy_rendering'), contents: await rows('object_content') };
  const { store, count } = counting(test.store);
  expect(await applyPolicyChanges(store, { organizationId, changes: [{ policyId, actor: 'user:a' }] })).toEqual({ compiled: 3, revised: 3 });
  return { statements: count(), renderings: (await rows('policy_rendering')) - before.renderings, contents: (await rows('object_content')) - before.contents };
}

describe('an edit of a policy that differs from cluster to cluster', () => {
  it('renders it for the clusters that it reaches, and nothing else, whatever else they have', async () => {
    const [few, many] = [await editAmong(2), await editAmong(20)];
    expect(few).toMatchObject({ renderings: 3, contents: 3 });
    expect(many).toEqual(few);
    expect(few.statements).toBeLessThanOrEqual(30);
  }, 240_000);
});
