import { MeshfleetError } from '@meshfleet/model';
import type { RolloutCommand } from '@meshfleet/planner';
import { commandRollout, endFreeze, insertFreeze, supersedeRollout, testFleet, uuidv7 } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { applyPolicyChanges } from '../../../apps/reconciler/src/events/apply-policy-changes.ts';
import { runRollout } from '../../../apps/reconciler/src/rollout/run-rollout.ts';
import type { RolloutParts } from '../../../apps/reconciler/src/rollout/run-rollout.ts';
import { sweepOrganization } from '../../../apps/reconciler/src/sweep/sweep-organization.ts';
import { dying } from '../../../apps/reconciler/src/testing/dying-store.fixture.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
/** Beta and gamma may share an object, whose name differs by a variable. */
const KEYS = {
  alpha: ['ConfigMap/shop/alpha'],
  beta: ['ConfigMap/shop/beta', 'ConfigMap/shop/link-${cluster.name}'],
  gamma: ['ConfigMap/shop/gamma', 'ConfigMap/shop/link-shared'],
} as const;
type PolicyName = keyof typeof KEYS;
const POLICIES: readonly PolicyName[] = ['alpha', 'beta', 'gamma'];
const ENDED = ['SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED', 'none'];

interface Active {
  readonly id: string;
  readonly policyId: string;
  readonly status: string;
  readonly wave: number;
  readonly wakeAt: Date | null;
}

/** A fleet with three policies in one process: their rollouts, people, agents and freezes, and reconcilers that die at any statement. */
export class InProcessSeason {
  readonly fleet: TestFleet;
  readonly #test: TestStore;
  readonly #roll: () => number;
  readonly #mortal: RolloutParts;
  readonly #healthy: RolloutParts;
  readonly #policies = new Map<PolicyName, string>();
  readonly #freezes: string[] = [];
  #ids: string[] = [];
  #content = 0;
  /** Seconds by which the reconcilers' clock is ahead. */
  #ahead = 0;

  constructor(test: TestStore, organizationId: string, roll: () => number) {
    this.#test = test;
    this.#roll = roll;
    this.fleet = testFleet(test, organizationId);
    const parts = {
      now: () => new Date(Date.now() + this.#ahead * 1000),
      callWebhook: ({ wave, attempt }: { wave: number; attempt: number }) => Promise.resolve({ wave, attempt, answer: this.#roll() < 0.7 ? ('PASS' as const) : ('WAIT' as const), evidence: '' }),
    };
    this.#healthy = { ...parts, store: test.store };
    this.#mortal = { ...parts, store: dying(test.store, roll, 0.05) };
  }

  async begin(): Promise<void> {
    this.#ids = await this.fleet.addClusters(NAMES.map((name) => ({ name, labels: { half: name < 'c' ? 'one' : 'two' } })));
    await this.#beThere();
    for (const name of POLICIES) await this.#apply(name, undefined);
    await sweepOrganization(this.#test.store, this.fleet.organizationId);
    for (const id of this.#ids) await this.fleet.acknowledge(id);
  }

  async turn(): Promise<void> {
    const what = this.#roll();
    if (what < 0.3) await this.#stepAny(this.#mortal);
    else if (what < 0.38) await Promise.all([this.#stepAny(this.#mortal), this.#stepAny(this.#mortal), this.#stepAny(this.#healthy)]);
    else if (what < 0.6) await this.#answer(this.#pick(this.#ids), this.#roll() < 0.12);
    else if (what < 0.68) await this.fleet.seen(this.#pick(this.#ids), this.#roll() < 0.5 ? 1000 : 0);
    else if (what < 0.74) this.#ahead += this.#pick([5, 31, 100]);
    else if (what < 0.82) await this.#pressTwice();
    else if (what < 0.87) await this.#freezeOrThaw();
    else if (what < 0.9) await this.#dieOver(() => sweepOrganization(this.#mortal.store, this.fleet.organizationId));
    else await this.#change();
  }

  /** Everybody is there, works and agrees, nothing is frozen, and the reconcilers live. */
  async end(): Promise<readonly Active[]> {
    const { organizationId } = this.fleet;
    for (const id of this.#freezes.splice(0)) await this.#test.store.transaction(organizationId, (tx) => endFreeze(tx, id, { actor: 'user:x', at: new Date() }));
    for (let turn = 0; turn < 60; turn += 1) {
      const active = await this.#active();
      if (active.length === 0) break;
      await this.#beThere();
      for (const { id, status, wave } of active) {
        if (status === 'PAUSED') await this.#press(id, { type: 'RESUME', acceptFailures: this.#ids }, 'user:x');
        if (status === 'WAITING_APPROVAL') await this.#press(id, { type: 'APPROVE', wave }, 'user:y');
        await this.#step(this.#healthy, id);
      }
      for (const id of this.#ids) await this.#answer(id, false);
      // Windows are closed for most of a day.
      const wakes = active.flatMap(({ status, wakeAt }) => (status === 'WAITING_WINDOW' && wakeAt !== null ? [(wakeAt.getTime() - Date.now()) / 1000 + 1] : []));
      this.#ahead = Math.max(this.#ahead + 31, ...wakes);
    }
    await sweepOrganization(this.#test.store, organizationId);
    for (const id of this.#ids) await this.#answer(id, false);
    return this.#active();
  }

  /** Where a cluster is not asked to hold exactly what it is assigned. */
  async disagreements(): Promise<string[]> {
    const { rows } = await this.#test.admin.query<{ policyId: string; clusterId: string; hash: string | null }>(
      `select x.policy_id as "policyId", x.cluster_id as "clusterId", v.objects->0->>'hash' as hash from policy_cluster x
       left join policy_version v on v.policy_id = x.policy_id and v.version = x.version where x.organization_id = $1`,
      [this.fleet.organizationId],
    );
    const found: string[] = [];
    for (const id of this.#ids) {
      const { state } = await this.fleet.desiredOf(id);
      const wanted = rows.filter(({ clusterId, hash }) => clusterId === id && hash !== null).map(({ policyId, hash }) => `${policyId} ${hash ?? ''}`);
      const asked = [...new Set(state.entries.map(({ policyId, hash }) => `${policyId} ${hash}`))];
      if (wanted.sort().join() !== asked.sort().join()) found.push(`${id}: ${asked.join()} instead of ${wanted.join()}`);
    }
    return found;
  }

  /** A rollout, sometimes in the place of another; or a change at once, where nothing is in its way. */
  async #change(): Promise<void> {
    const name = this.#pick(POLICIES);
    const policyId = this.#policies.get(name) ?? '';
    const active = (await this.#active()).find((each) => each.policyId === policyId);
    if (active !== undefined) {
      if (this.#roll() < 0.6) return;
      await this.#test.store.transaction(this.fleet.organizationId, (tx) => {
        supersedeRollout(tx, active.id, { actor: 'user:x', at: this.#healthy.now(), version: 0 });
        return Promise.resolve();
      });
    }
    const atOnce = name === 'alpha' && this.#freezes.length === 0 && this.#roll() < 0.2;
    await this.#apply(name, atOnce ? undefined : this.#strategy());
    if (atOnce) await this.#dieOver(() => applyPolicyChanges(this.#mortal.store, { organizationId: this.fleet.organizationId, changes: [{ policyId, actor: 'user:x' }] }));
  }

  async #apply(name: PolicyName, rollout: object | undefined): Promise<void> {
    this.#content += 1;
    const objects = Object.fromEntries(KEYS[name].map((key) => [key, `h${this.#content}`]));
    this.#policies.set(name, await this.fleet.applyPolicy({ name, objects, clusterSelector: this.#roll() < 0.8 ? '' : 'half=one', ...(rollout === undefined ? {} : { rollout }) }));
  }

  #strategy(): object {
    const hour = (shift: number): string => new Date(this.#healthy.now().getTime() + shift).toISOString().slice(11, 16);
    return {
      waves: [{ count: this.#pick([1, 2]) }, { count: 2, soakSeconds: this.#pick([0, 30]), gates: this.#roll() < 0.3 ? { webhook: { url: 'https://gate.example/', intervalSeconds: 1 } } : {} }],
      failureBudget: { count: this.#pick([0, 0, 1]) },
      failureGraceSeconds: 0,
      onFailure: this.#pick(['ROLLBACK', 'PAUSE']),
      gates: this.#roll() < 0.3 ? { approval: { count: 1 } } : {},
      ...(this.#roll() < 0.3 ? { maxConcurrent: 1 } : {}),
      ...(this.#roll() < 0.2 ? { windows: [{ start: hour(-60_000), end: hour(240_000), timeZone: 'UTC' }] } : {}),
    };
  }

  async #pressTwice(): Promise<void> {
    const active = await this.#active();
    if (active.length === 0) return;
    const { id, wave } = this.#pick(active);
    const any = (): RolloutCommand =>
      this.#pick<RolloutCommand>([
        { type: 'PAUSE', reason: null },
        { type: 'RESUME', acceptFailures: this.#roll() < 0.5 },
        { type: 'PROMOTE', wave },
        { type: 'APPROVE', wave },
        { type: 'APPROVE', wave },
        { type: 'ABORT', rollback: this.#roll() < 0.7, reason: null },
      ]);
    await Promise.all([this.#press(id, any(), 'user:x'), this.#press(id, any(), 'user:y')]);
  }

  async #press(id: string, command: RolloutCommand, by: string): Promise<void> {
    const who = { by, at: this.#healthy.now(), holds: () => true };
    await this.#test.store.transaction(this.fleet.organizationId, (tx) => commandRollout(tx, id, command, who)).catch((error: unknown) => {
      if (!(error instanceof MeshfleetError)) throw error;
    });
  }

  async #freezeOrThaw(): Promise<void> {
    const ended = this.#freezes.pop();
    await this.#test.store.transaction(this.fleet.organizationId, async (tx) => {
      if (ended !== undefined) {
        await endFreeze(tx, ended, { actor: 'user:x', at: new Date() });
        return;
      }
      const id = uuidv7(new Date(), randomBytes(10));
      this.#freezes.push(id);
      insertFreeze(tx, { id, clusterSelector: this.#roll() < 0.5 ? null : 'half=one', reason: 'audit', startsAt: new Date(0), endsAt: null, createdBy: 'user:x', createdAt: new Date() });
    });
  }

  async #stepAny(parts: RolloutParts): Promise<void> {
    const active = await this.#active();
    if (active.length > 0) await this.#step(parts, this.#pick(active).id);
  }

  #step(parts: RolloutParts, id: string): Promise<void> {
    return this.#dieOver(() => runRollout(parts, this.fleet.organizationId, id));
  }

  async #dieOver(work: () => Promise<unknown>): Promise<void> {
    await work().catch((error: unknown) => {
      if (!(error instanceof MeshfleetError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    });
  }

  async #answer(id: string, failing: boolean): Promise<void> {
    await this.#test.admin.query('delete from object_condition where cluster_id = $1', [id]);
    const policyId = this.#policies.get(this.#pick(POLICIES)) ?? '';
    await this.fleet.acknowledge(id, failing ? [{ key: 'ConfigMap/shop/any', policyId }] : []);
  }

  /** Heard of just now. */
  async #beThere(): Promise<void> {
    for (const id of this.#ids) await this.fleet.seen(id);
  }

  async #active(): Promise<Active[]> {
    const { rows } = await this.#test.admin.query<Active>(
      `select id, policy_id as "policyId", status, coalesce((state->>'wave')::int, 0) as wave, wake_at as "wakeAt" from rollout where organization_id = $1 and active order by id`,
      [this.fleet.organizationId],
    );
    return rows.filter(({ status }) => !ENDED.includes(status));
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#roll() * list.length)] as T; // the list is never empty
  }
}
