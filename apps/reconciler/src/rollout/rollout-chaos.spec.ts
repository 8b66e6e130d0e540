import { commandRollout, testFleet, withTestStore } from '@meshfleet/store';
import type { FleetRollout, TestFleet, TestStore } from '@meshfleet/store';
import type { RolloutCommand } from '@meshfleet/planner';
import { MeshfleetError } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { sweepOrganization } from '../sweep/sweep-organization.ts';
import { dice, dying } from '../testing/dying-store.fixture.ts';
import { runRollout } from './run-rollout.ts';
import type { RolloutParts } from './run-rollout.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const KEY = 'ConfigMap/shop/a';
const ENDED = ['SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED'];
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** One fleet with one policy: its rollouts, its people, its agents, and reconcilers that die. */
class Season {
  readonly roll: () => number;
  readonly fleet: TestFleet;
  readonly mortal: RolloutParts;
  readonly healthy: RolloutParts;
  ids: string[] = [];
  policyId = '';
  versions = 1;
  ahead = 0;

  constructor(seed: number, organizationId: string) {
    this.roll = dice(seed);
    this.fleet = testFleet(test, organizationId);
    const parts = { now: () => new Date(Date.now() + this.ahead * 1000), callWebhook: ({ wave, attempt }: { wave: number; attempt: number }) => Promise.resolve({ wave, attempt, answer: this.roll() < 0.7 ? ('PASS' as const) : ('WAIT' as const), evidence: '' }) };
    this.healthy = { ...parts, store: test.store };
    this.mortal = { ...parts, store: dying(test.store, this.roll, 0.06) };
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.roll() * list.length)] as T; // the list is never empty
  }

  async open(): Promise<void> {
    this.ids = await this.fleet.addClusters(NAMES.map((name) => ({ name })));
    await this.beThere();
    this.policyId = await this.fleet.applyPolicy({ name: 'p', objects: { [KEY]: 'h1' }, clusterSelector: '' });
    await applyPolicyChanges(test.store, { organizationId: this.fleet.organizationId, changes: [{ policyId: this.policyId, actor: 'user:a' }] });
    for (const id of this.ids) await this.fleet.acknowledge(id);
  }

  /** Heard of just now, by the clock that the reconcilers go by. */
  async beThere(ids = this.ids): Promise<void> {
    for (const id of ids) await this.fleet.seen(id, -this.ahead);
  }

  async apply(): Promise<void> {
    this.versions += 1;
    const rollout = {
      waves: [{ count: this.pick([1, 2]) }, { count: 2, soakSeconds: this.pick([0, 30]), gates: this.roll() < 0.3 ? { webhook: { url: 'https://gate.example/', intervalSeconds: 1 } } : {} }],
      failureBudget: { count: this.pick([0, 0, 1]) },
      failureGraceSeconds: 0,
      onFailure: this.pick(['ROLLBACK', 'PAUSE']),
      gates: this.roll() < 0.3 ? { approval: { count: 1 } } : {},
      ...(this.roll() < 0.3 ? { maxConcurrent: 1 } : {}),
    };
    await this.fleet.applyPolicy({ name: 'p', objects: { [KEY]: `h${this.versions}` }, clusterSelector: '', rollout });
  }

  rollout(): Promise<FleetRollout> {
    return this.fleet.rolloutOf(this.policyId);
  }

  /** The reconciler is told of the rollout, and may die over it. */
  async step(parts: RolloutParts = this.mortal): Promise<void> {
    const { id } = await this.rollout();
    if (id === '') return;
    await runRollout(parts, this.fleet.organizationId, id).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  }

  async press(command: RolloutCommand, by: string): Promise<void> {
    const { id } = await this.rollout();
    if (id === '') return;
    await test.store
      .transaction(this.fleet.organizationId, (tx) => commandRollout(tx, id, command, { by, at: this.healthy.now(), holds: () => true }))
      .catch((error: unknown) => {
        expect(error).toBeInstanceOf(MeshfleetError);
      });
  }

  anyCommand(): RolloutCommand {
    const wave = this.pick([0, 1, 2]);
    return this.pick<RolloutCommand>([
      { type: 'PAUSE', reason: null },
      { type: 'RESUME', acceptFailures: this.roll() < 0.5 },
      { type: 'PROMOTE', wave },
      { type: 'APPROVE', wave },
      { type: 'APPROVE', wave },
      { type: 'ABORT', rollback: this.roll() < 0.7, reason: null },
    ]);
  }

  async answer(id: string, failing: boolean): Promise<void> {
    await test.admin.query('delete from object_condition where cluster_id = $1', [id]);
    await this.fleet.acknowledge(id, failing ? [{ key: KEY, policyId: this.policyId }] : []);
  }

  async happen(): Promise<void> {
    const what = this.roll();
    if (what < 0.3) await this.step();
    else if (what < 0.4) await Promise.all([this.step(), this.step(), this.step(this.healthy)]);
    else if (what < 0.65) await this.answer(this.pick(this.ids), this.roll() < 0.15);
    else if (what < 0.75) await this.fleet.seen(this.pick(this.ids), this.roll() < 0.5 ? 1000 : -this.ahead);
    else if (what < 0.83) this.ahead += this.pick([5, 31, 100]);
    else if (what < 0.9) await Promise.all([this.press(this.anyCommand(), 'user:x'), this.press(this.anyCommand(), 'user:y')]);
    else if (ENDED.includes((await this.rollout()).status) || (await this.rollout()).status === 'none') await this.apply();
  }

  /** What may never be, whenever one looks. */
  async check(seed: number): Promise<void> {
    const { rows } = await test.admin.query<{ name: string; phase: string; wave: number; opened: boolean; version: number | null; held: number | null; target: number | null; assigned: number | null; status: string; inForce: boolean }>(
      `select c.name, k.phase, k.wave, r.state->'waves'->k.wave->>'openedAt' is not null as opened, k.version, k.held_version as held, k.target_version as target,
         x.version as assigned, r.status, p.rollout_id is not distinct from r.id as "inForce"
       from rollout r join rollout_cluster k on k.rollout_id = r.id join cluster c on c.id = k.cluster_id join policy p on p.id = r.policy_id
       left join policy_cluster x on x.cluster_id = k.cluster_id and x.policy_id = r.policy_id
       where r.id = (select max(id::text)::uuid from rollout where policy_id = $1)`,
      [this.policyId],
    );
    for (const row of rows) {
      const told = ['UPDATING', 'UPDATED', 'FAILED'].includes(row.phase);
      const at = `seed ${seed}, ${JSON.stringify(row)}`;
      if (told) expect(row.opened, at).toBe(true);
      expect(row.version, at).toBe(told ? row.target : row.held);
      if (row.inForce) expect(row.assigned, at).toBe(row.version);
    }
  }
}

async function season(seed: number): Promise<string> {
  const organizationId = await test.createOrganization();
  const world = new Season(seed, organizationId);
  await world.open();
  await world.apply();
  for (let turn = 0; turn < 40; turn += 1) {
    await world.happen();
    await world.check(seed);
  }

  // Everybody is there, works and agrees in the end, and the reconcilers live.
  for (let turn = 0; turn < 40; turn += 1) {
    const { status } = await world.rollout();
    if (ENDED.includes(status)) break;
    await world.beThere();
    await world.press({ type: 'RESUME', acceptFailures: true }, 'user:x');
    for (const wave of [0, 1, 2]) await world.press({ type: 'APPROVE', wave }, 'user:y');
    await world.step(world.healthy);
    for (const id of world.ids) await world.answer(id, false);
    world.ahead += 31;
    await world.beThere();
    await world.step(world.healthy);
    await world.check(seed);
  }
  await Promise.all([sweepOrganization(test.store, organizationId), sweepOrganization(test.store, organizationId)]);
  const { id, status } = await world.rollout();
  expect(ENDED, `seed ${seed}`).toContain(status);

  // What clusters are asked to hold is what the rollout's end says of each.
  const { rows } = await test.admin.query<{ clusterId: string; version: number }>(`select cluster_id as "clusterId", version from rollout_cluster where rollout_id = $1`, [id]);
  const { rows: contents } = await test.admin.query<{ version: number; hash: string }>(`select version, objects->0->>'hash' as hash from policy_version where policy_id = $1`, [world.policyId]);
  const hashOf = new Map(contents.map(({ version, hash }) => [version, hash]));
  for (const { clusterId, version } of rows) {
    const { state } = await world.fleet.desiredOf(clusterId);
    expect(state.entries.map(({ hash }) => hash), `seed ${seed}, ${status}`).toEqual([hashOf.get(version)]);
  }
  return status;
}

describe('a rollout whose reconcilers are killed at any statement, whose agents come and go, whose people press at once', () => {
  it('never goes beyond the open wave, ends, and leaves every cluster with what it says', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= 12; seed += 1) ends.add(await season(seed));
    expect(ends.size).toBeGreaterThan(1);
  }, 120_000);
});
