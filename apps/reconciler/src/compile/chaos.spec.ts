import { NOWHERE, composeDesiredState, preparePlacement } from '@meshfleet/planner';
import type { Assignment } from '@meshfleet/planner';
import { EMPTY_STATE } from '@meshfleet/protocol';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { FleetPolicy, Store, TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyClusterChanges } from '../events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { sweepOrganization } from '../sweep/sweep-organization.ts';
import { dice, dying } from '../testing/dying-store.fixture.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const SELECTORS = ['', 'env=prod', 'env!=prod', 'tier in (a,b)', 'env=dev,tier=c', '!env'];
const ENVS = ['prod', 'dev'];
const TIERS = ['a', 'b', 'c'];
const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5'];

class World {
  readonly clusters = new Map<string, { name: string; labels: Record<string, string> }>();
  readonly policies = new Map<string, { id: string; given: FleetPolicy }>();
  /** Everything that ever was in a desired state: what may lie in the cluster, since nobody acknowledges. */
  readonly roll: () => number;

  constructor(roll: () => number) {
    this.roll = roll;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.roll() * list.length)] as T; // the list is never empty
  }

  labels(): Record<string, string> {
    return { ...(this.roll() < 0.8 ? { env: this.pick(ENVS) } : {}), ...(this.roll() < 0.8 ? { tier: this.pick(TIERS) } : {}) };
  }

  policy(): FleetPolicy {
    const keys = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'].filter(() => this.roll() < 0.4);
    return {
      name: this.pick(NAMES),
      objects: Object.fromEntries(keys.map((key) => [`ConfigMap/x/${key}`, `h${Math.floor(this.roll() * 3)}`])),
      ...(this.roll() < 0.8 ? { clusterSelector: this.pick(SELECTORS) } : {}),
      clusterNames: this.roll() < 0.3 ? [this.pick([...this.clusters.values()]).name] : [],
    };
  }
}

/** One change by a person, and the events that tell of it (which may be lost, or come twice). */
async function change(world: World, fleet: TestFleet): Promise<((store: Store) => Promise<unknown>)[]> {
  const { organizationId } = fleet;
  const what = world.roll();
  if (what < 0.55) {
    const given = world.policy();
    const id = await fleet.applyPolicy(given);
    world.policies.set(given.name, { id, given });
    return [(store) => applyPolicyChanges(store, { organizationId, changes: [{ policyId: id, actor: 'user:a' }] })];
  }
  if (what < 0.7 && world.policies.size > 0) {
    const [name, { id }] = world.pick([...world.policies]);
    world.policies.delete(name);
    await fleet.deletePolicy(id);
    return [(store) => applyPolicyChanges(store, { organizationId, changes: [{ policyId: id, actor: 'user:b' }] })];
  }
  const [id, cluster] = world.pick([...world.clusters]);
  cluster.labels = world.labels();
  await fleet.changeCluster(id, 'LABELS', { labels: cluster.labels });
  return [(store) => applyClusterChanges(store, { organizationId, changes: [{ clusterId: id, reason: 'LABELS', actor: 'user:c' }] })];
}

/** What a cluster should hold, worked out from nothing but what people last asked for. */
async function fromScratch(world: World, clusterId: string): Promise<unknown> {
  const cluster = world.clusters.get(clusterId);
  if (cluster === undefined) return undefined;
  const { rows } = await test.admin.query<{ id: string; created_at: Date }>(`select id, created_at from policy`);
  const bornAt = new Map(rows.map((row) => [row.id, row.created_at.getTime()]));
  const assignments: Assignment[] = [...world.policies.values()].flatMap(({ id, given }) => {
    const decide = preparePlacement({ ...NOWHERE, clusterSelector: given.clusterSelector ?? null, clusterNames: [...(given.clusterNames ?? [])] });
    if (!decide({ ...cluster, region: null, zone: null, network: null, mesh: null }).selected) return [];
    const objects = Object.entries(given.objects ?? {}).map(([key, hash]) => ({ key, hash }));
    return [{ policyId: id, policyName: given.name, createdAt: bornAt.get(id) ?? 0, version: 1, objects, drift: 'CORRECT' as const, conflicts: 'REPORT' as const }];
  });
  return composeDesiredState({ assignments, previous: { state: EMPTY_STATE, residue: [] }, acknowledged: false, failedKeys: new Set() }).state.entries;
}

async function everAsked(clusterId: string): Promise<Set<string>> {
  const { rows } = await test.admin.query<{ pair: string }>(
    `select distinct (e->>'key') || ' ' || (e->>'policyId') as pair from desired_state d
     join desired_state_body b on b.organization_id = d.organization_id and b.digest = d.digest, jsonb_array_elements(b.body->'entries') e
     where d.cluster_id = $1`,
    [clusterId],
  );
  return new Set(rows.map((row) => row.pair));
}

async function season(seed: number, concurrent: boolean): Promise<void> {
  const roll = dice(seed);
  const world = new World(roll);
  const organizationId = await test.createOrganization();
  const fleet = testFleet(test, organizationId);
  const given = Array.from({ length: 6 }, (_, index) => ({ name: `c${index}`, labels: world.labels() }));
  const ids = await fleet.addClusters(given);
  ids.forEach((id, index) => world.clusters.set(id, given[index] ?? { name: '', labels: {} }));

  const mortal = dying(test.store, roll, 0.08);
  const running: Promise<unknown>[] = [];
  for (let step = 0; step < 25; step += 1) {
    for (const deliver of await change(world, fleet)) {
      const times = roll() < 0.15 ? 0 : roll() < 0.2 ? 2 : 1;
      for (let time = 0; time < times; time += 1) {
        const delivery = deliver(mortal).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
        });
        if (concurrent) running.push(delivery);
        else await delivery;
      }
    }
  }
  await Promise.all(running);
  // The drain of a healthy process, twice at once: two reconcilers.
  await Promise.all([sweepOrganization(test.store, organizationId), sweepOrganization(test.store, organizationId)]);

  for (const id of ids) {
    const { state } = await fleet.desiredOf(id);
    expect(state.entries, `seed ${seed}, cluster ${world.clusters.get(id)?.name}`).toEqual(await fromScratch(world, id));
    const wanted = new Set(state.entries.map((entry) => entry.key));
    const left = [...(await everAsked(id))].filter((pair) => !wanted.has(pair.split(' ')[0] ?? '')).sort();
    expect(state.tombstones.map(({ key, policyId }) => `${key} ${policyId}`).sort(), `seed ${seed}`).toEqual(left);
  }
  expect(await sweepOrganization(test.store, organizationId)).toEqual({ policies: 0, clusters: 0, revised: 0 });
  const revisions = await test.admin.query(
    `select from desired_state d where organization_id = $1 and revision > 1
       and digest = (select digest from desired_state p where p.cluster_id = d.cluster_id and p.revision = d.revision - 1)`,
    [organizationId],
  );
  expect(revisions.rowCount, 'no revision repeats the one before').toBe(0);
}

describe('a reconciler that is killed at any statement', () => {
  it('converges to what a computation from scratch gives, and forgets nothing that lies in a cluster', async () => {
    for (let seed = 1; seed <= 25; seed += 1) await season(seed, false);
  });

  it('converges just so when handlers overlap, as in two reconcilers', async () => {
    for (let seed = 101; seed <= 130; seed += 1) await season(seed, true);
  });
});
