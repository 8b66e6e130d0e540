import fc from 'fast-check';
import { NOWHERE, choosePlaces } from '@meshfleet/planner';
import type { Placement } from '@meshfleet/planner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../connection/sql.ts';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { assignPolicy } from './assign-policy.ts';
import { selectClusters } from './select-clusters.ts';
import type { PlacedSubject } from './select-clusters.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

async function select(tx: Tx, placement: Partial<Placement>, subject: PlacedSubject = { policyName: 'p', policyId: undefined }): Promise<string[]> {
  const { text, values } = selectClusters({ ...NOWHERE, ...placement }, subject, [tx.organizationId]);
  const { rows } = await tx.query<{ id: string }>(text, values);
  return rows.map((row) => row.id).sort();
}

const key = fc.constantFrom('env', 'tier', 'cores', 'meshfleet.io/region', 'meshfleet.io/name');
const labelKey = fc.constantFrom('env', 'tier', 'cores', 'gone');
const value = fc.constantFrom('', 'prod', 'dev', '4', '16', '007', '4x', 'eu');
const requirement = fc.oneof(
  fc.tuple(key, fc.constantFrom('in', 'notin'), fc.uniqueArray(value, { minLength: 1, maxLength: 3 })).map(([k, operator, v]) => `${k} ${operator} (${v.join(',')})`),
  fc.tuple(key, fc.constantFrom('=', '!='), value).map(([k, sign, v]) => `${k}${sign}${v}`),
  fc.tuple(fc.constantFrom('', '!'), key).map(([not, k]) => `${not}${k}`),
  fc.tuple(key, fc.constantFrom('>', '<'), fc.integer({ min: -5, max: 20 })).map(([k, sign, n]) => `${k}${sign}${n}`),
);

describe('a placement compiled to SQL', () => {
  it("selects exactly the clusters that the planner's evaluator selects", async () => {
    const organizationId = await test.createOrganization();
    const fleet = testFleet(test, organizationId);
    const clusters = fc.sample(
      fc.record({ labels: fc.dictionary(labelKey, value, { maxKeys: 4 }), region: fc.option(fc.constantFrom('eu', 'prod')) }),
      { numRuns: 60, seed: 7 },
    ).map(({ labels, region }, index) => ({ name: `c${index}`, labels: { ...labels }, ...(region === null ? {} : { region }) }));
    const ids = await fleet.addClusters(clusters);

    const placements = fc.record({
      clusterSelector: fc.option(fc.array(requirement, { maxLength: 3 }).map((all) => all.join(','))),
      clusterNames: fc.uniqueArray(fc.constantFrom('c1', 'c2', 'nobody'), { maxLength: 2 }),
      regions: fc.uniqueArray(fc.constantFrom('eu', 'prod', 'us'), { maxLength: 1 }),
      excludeClusterNames: fc.uniqueArray(fc.constantFrom('c2', 'c3', 'nobody'), { maxLength: 2 }),
      percent: fc.option(fc.integer({ min: 1, max: 100 })),
      count: fc.option(fc.integer({ min: 1, max: 20 })),
    });
    const policyId = await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/x/a': 'h' } });
    const subject = { policyName: 'p', policyId };
    await fc.assert(
      fc.asyncProperty(placements, async (limits) => {
        const placement = { ...NOWHERE, ...limits };
        const held = new Set((await fleet.policyClusters()).filter(({ version }) => version !== null).map(({ clusterId }) => clusterId));
        const candidates = clusters.map((cluster, index) => {
          const id = ids[index] ?? '';
          return { network: null, zone: null, region: null, mesh: null, ...cluster, id, held: held.has(id) };
        });
        const expected = [...choosePlaces(placement, 'p', candidates)].filter(([, { selected }]) => selected).map(([id]) => id);
        expect(await test.store.transaction(organizationId, (tx) => select(tx, placement, subject))).toEqual(expected.sort());
        // What is selected now is what is held when the next placement is decided.
        await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/x/a': 'h' }, placement: limits });
        await test.store.transaction(organizationId, (tx) => assignPolicy(tx, policyId));
      }),
      { numRuns: 150 },
    );
  });

  it('selects neither clusters that wait for approval, nor evicted ones, nor those of another organization', async () => {
    const [mine, theirs] = [await test.createOrganization(), await test.createOrganization()];
    await testFleet(test, theirs).addClusters([{ name: 'foreign' }]);
    const [active, quarantined] = await testFleet(test, mine).addClusters([
      { name: 'active' },
      { name: 'quarantined', lifecycle: 'QUARANTINED' },
      { name: 'pending', lifecycle: 'PENDING_APPROVAL' },
      { name: 'evicted', lifecycle: 'EVICTED' },
    ]);
    const selected = await test.store.transaction(mine, (tx) => select(tx, { clusterSelector: '', clusterNames: ['foreign', 'pending'] }));
    expect(selected).toEqual([active, quarantined].sort());
  });

  it('follows the labels of a cluster as they change', async () => {
    const organizationId = await test.createOrganization();
    const fleet = testFleet(test, organizationId);
    const [id = ''] = await fleet.addClusters([{ name: 'a', labels: { env: 'dev', old: 'x' }, region: 'eu' }]);
    const matches = async (clusterSelector: string) =>
      (await test.store.transaction(organizationId, (tx) => select(tx, { clusterSelector, clusterNames: [] }))).length === 1;
    await fleet.changeCluster(id, 'LABELS', { labels: { env: 'prod' } });
    expect(await matches('env=prod,!old,meshfleet.io/region=eu,meshfleet.io/name=a')).toBe(true);
    expect(await matches('env=dev')).toBe(false);
  });

  it('reads by the index under row-level security: rows of three clusters, whatever the size of the fleet', async () => {
    const touched: number[] = [];
    for (const size of [100, 3_000]) {
      const organizationId = await test.createOrganization();
      await testFleet(test, organizationId).addClusters(
        Array.from({ length: size }, (_, index) => ({ name: `c${index}`, labels: { env: 'prod', ...(index < 3 ? { canary: 'yes' } : {}) } })),
      );
      await test.admin.query('analyze cluster');
      await test.admin.query('analyze cluster_label');
      touched.push(
        await test.store.transaction(organizationId, async (tx) => {
          const { text, values } = selectClusters({ ...NOWHERE, clusterSelector: 'env=prod,canary=yes', clusterNames: ['c9'] }, { policyName: 'p', policyId: undefined }, [organizationId]);
          const { rows } = await tx.query<{ 'QUERY PLAN': Plan[] }>(`explain (analyze, format json, timing off) ${text}`, values);
          return rowsRead(rows[0]?.['QUERY PLAN'][0]?.Plan);
        }),
      );
    }
    expect(touched[1]).toBeLessThanOrEqual((touched[0] ?? 0) + 10);
    expect(touched[1]).toBeLessThan(60);
  });
});

interface Plan {
  Plan: PlanNode;
}
interface PlanNode {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

/** Rows that scans produced or looked at in vain. */
function rowsRead(node: PlanNode | undefined): number {
  if (node === undefined) return 0;
  const own = node.Plans === undefined ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'] : 0;
  return own + (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child), 0);
}
