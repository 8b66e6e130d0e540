import { setTimeout as sleep } from 'node:timers/promises';
import { clusterNamed } from '../../../apps/demo/src/fleet.ts';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import { openMeshObjects } from '../../../apps/demo/src/tour/mesh-objects.ts';
import type { FleetOnPostgres } from '../../e2e/open-fleet.ts';
import { CLUSTERS, VICTIMS, bringBack, kill, persist, takeAway } from './mortal-fleet.ts';
import type { ClusterName } from './mortal-fleet.ts';
import { PATIENCE_MS } from './patience.ts';
import { ask } from './people.ts';

/** What was done in a season, for the books that are checked after it. */
export interface Books {
  /** Acknowledged versions by policy. */
  readonly versions: Map<string, number>;
  rollouts: number;
  /** Acknowledged presses that changed something, by the audit log's name. */
  readonly presses: Map<string, number>;
  kills: number;
  absences: number;
  /** What was done when, for whoever looks into a season that went wrong. */
  readonly journal: string[];
}

/** A rollout that has not ended, and whose failures there are. */
interface Active {
  readonly id: string;
  readonly status: string;
  readonly currentWave: number;
  readonly because: string;
  readonly clusters: { readonly nodes: readonly { readonly cluster: { readonly id: string } }[] };
}

/** What somebody else has in Virginia: a version that wants it fails there. */
export const SOMEBODYS = 'somebodys';
export const SOMEBODYS_SECONDS = 3_599;
const POLICIES = ['alpha', 'beta', 'gamma', 'delta'] as const;

/**
 * Some minutes of a platform team's worst day, compressed: rollouts of four policies, of which some share objects, are begun,
 * superseded and pressed by two people at once, while clusters come and go, freezes begin and end, and processes are killed.
 */
export class Season {
  readonly books: Books = { versions: new Map(), rollouts: 0, presses: new Map(), kills: 0, absences: 0, journal: [] };
  readonly #hub: FleetOnPostgres;
  readonly #people: readonly GraphqlClient[];
  readonly #roll: () => number;
  readonly #prefix: string;
  readonly #away = new Set<ClusterName>();
  readonly #rollouts: string[] = [];
  readonly #freezes: string[] = [];
  readonly #webhook: string;
  readonly #began = Date.now();
  #content: number;

  constructor(hub: FleetOnPostgres, people: readonly GraphqlClient[], webhook: string, roll: () => number, seed: number) {
    this.#hub = hub;
    this.#people = people;
    this.#webhook = webhook;
    this.#roll = roll;
    this.#prefix = `s${seed}-`;
    // A season that broke off leaves what is somebody else's with a value of its own, which the next must not take for one of its own.
    this.#content = seed * 100;
  }

  get policyNames(): readonly string[] {
    return POLICIES.map((name) => `${this.#prefix}${name}`);
  }

  /** Whether an object of this name is one of the season's. */
  owns(object: string): boolean {
    return object.startsWith(this.#prefix);
  }

  /** Version 1 of each policy, everywhere it belongs. */
  async begin(): Promise<void> {
    for (const name of POLICIES) await this.#apply(name, undefined);
  }

  /** What happens in one moment, some of it at once. */
  async turn(): Promise<void> {
    const deeds: Promise<void>[] = [];
    if (this.#roll() < 0.6) deeds.push(this.#apply(this.#pick(POLICIES), this.#strategy()));
    if (this.#roll() < 0.3) deeds.push(this.#apply(this.#pick(POLICIES), this.#strategy()));
    if (this.#roll() < 0.7) deeds.push(this.#pressTwice());
    if (this.#roll() < 0.25) deeds.push(this.#comeOrGo());
    if (this.#roll() < 0.15) deeds.push(this.#freezeOrThaw());
    if (this.#roll() < 0.5) deeds.push(this.#strike());
    await Promise.all(deeds);
    await sleep(this.#roll() * 400);
  }

  /** Everybody is back, nothing is frozen, and nobody dies any more. */
  async calm(): Promise<void> {
    this.#note('calm');
    for (const name of this.#away) bringBack(this.#hub, name);
    this.#away.clear();
    for (const id of this.#freezes.splice(0)) await ask(this.#person(), 'freezeEnd', { id });
    await persist('every cluster is there', async () => (await this.#notOnline()).join('; ') || true, 2 * PATIENCE_MS);
  }

  /** People say yes to whatever waits for them; true when every rollout has ended, else which have not. */
  async wave(): Promise<true | string> {
    const active = await this.#active();
    for (const { id, status, currentWave, clusters } of active) {
      if (status === 'PAUSED') await this.#press('rolloutResume', 'rollout.resume', { id, acceptFailuresOf: clusters.nodes.map(({ cluster }) => cluster.id) }, this.#person());
      if (status === 'WAITING_APPROVAL') for (const person of this.#people) await this.#press('rolloutApprove', 'rollout.approve', { id, wave: currentWave }, person);
      if (status === 'WAITING_GATE') await this.#press('rolloutPromote', 'rollout.promote', { id, wave: currentWave }, this.#person());
    }
    return active.map(({ id, status, because }) => `${id} is ${status}: ${because}`).join('; ') || true;
  }

  async #active(): Promise<readonly Active[]> {
    const { organization } = await this.#person().request<{ organization: { rollouts: { nodes: (Active & { active: boolean })[] } } }>(
      '{ organization { rollouts(first: 40) { nodes { id status currentWave because active clusters(first: 20, phase: [FAILED]) { nodes { cluster { id } } } } } } }',
    );
    return organization.rollouts.nodes.filter(({ active }) => active);
  }

  async #apply(name: (typeof POLICIES)[number], rollout: object | undefined): Promise<void> {
    this.#content += 1;
    const policy = `${this.#prefix}${name}`;
    const given = { name: policy, manifests: this.#manifests(name, rollout !== undefined && this.#roll() < 0.25), placement: { clusterSelector: name === 'delta' ? 'env=prod' : '' } };
    const supersede = rollout !== undefined && this.#roll() < 0.3;
    const answer = await ask(this.#person(), 'policyApply', { ...given, ...(rollout === undefined ? {} : { rollout, supersede }) });
    if (answer?.changed !== true) return;
    this.books.versions.set(policy, (this.books.versions.get(policy) ?? 0) + 1);
    const id = answer.rollout?.id;
    if (id === undefined) return;
    this.#note(`rollout of ${policy}${supersede ? ', which supersedes' : ''}`);
    this.books.rollouts += 1;
    this.#rollouts.push(id);
  }

  /** One object of its own; beta and gamma may share another, whose name differs by a variable; a bad one wants what is somebody's. */
  #manifests(name: (typeof POLICIES)[number], bad: boolean): string {
    const seconds = this.#content;
    const shared = name === 'beta' ? [`${this.#prefix}link-\${cluster.name}`] : name === 'gamma' ? [`${this.#prefix}link-shared`] : [];
    return [`${this.#prefix}${name}`, ...shared, ...(bad ? [SOMEBODYS] : [])].map((object) => JSON.stringify(virtualService(object, seconds))).join('\n---\n');
  }

  #strategy(): object {
    const maybe = <T extends object>(chance: number, value: T): T | object => (this.#roll() < chance ? value : {});
    return {
      waves: [
        { ...(this.#roll() < 0.5 ? { clusterSelector: 'env=staging' } : { count: 1 }), ...maybe(0.3, { gates: { approval: { count: this.#pick([1, 2]), when: this.#pick(['BEFORE', 'AFTER']) } } }) },
        { count: 1, soakSeconds: this.#pick([0, 1]), ...maybe(0.3, { gates: { webhook: { url: this.#webhook, intervalSeconds: 5 } } }) },
      ],
      failureGraceSeconds: 0,
      progressDeadlineSeconds: 60,
      failureBudget: { count: this.#pick([0, 0, 1]) },
      onFailure: this.#pick(['ROLLBACK', 'ROLLBACK', 'PAUSE']),
      ...maybe(0.2, { maxConcurrent: 1 }),
    };
  }

  /** Two people at once, often the same. */
  async #pressTwice(): Promise<void> {
    const id = this.#pick(this.#rollouts.slice(-6));
    if (id === undefined) return;
    const any = (): [string, string, object] =>
      this.#pick<[string, string, object]>([
        ['rolloutPause', 'rollout.pause', { id }],
        ['rolloutResume', 'rollout.resume', { id, acceptFailures: this.#roll() < 0.5 }],
        ['rolloutResume', 'rollout.resume', { id }],
        ['rolloutPromote', 'rollout.promote', { id, wave: this.#pick([0, 1, 2]) }],
        ['rolloutApprove', 'rollout.approve', { id, wave: this.#pick([0, 1]) }],
        ['rolloutApprove', 'rollout.approve', { id, wave: 0 }],
        ['rolloutAbort', 'rollout.abort', { id, rollback: this.#roll() < 0.8 }],
      ]);
    const one = any();
    const other = this.#roll() < 0.6 ? one : any();
    await Promise.all([this.#press(...one, this.#people[0]), this.#press(...other, this.#people[1])]);
  }

  async #press(mutation: string, audited: string, input: object, person: GraphqlClient | undefined): Promise<void> {
    if (person === undefined) return;
    const answer = await ask(person, mutation, input);
    if (answer?.changed !== true) return;
    this.#note(`${audited} by ${this.#people.indexOf(person)}`);
    this.books.presses.set(audited, (this.books.presses.get(audited) ?? 0) + 1);
  }

  async #comeOrGo(): Promise<void> {
    const name = this.#pick(CLUSTERS);
    if (this.#away.has(name)) {
      this.#note(`${name} comes`);
      this.#away.delete(name);
      bringBack(this.#hub, name);
      return;
    }
    if (this.#away.size === CLUSTERS.length - 1) return;
    this.#away.add(name);
    this.#note(`${name} goes`);
    this.books.absences += 1;
    await takeAway(this.#hub, name);
    this.#note(`${name} is away`);
  }

  async #freezeOrThaw(): Promise<void> {
    const id = this.#freezes.pop();
    if (id !== undefined) {
      this.#note('a freeze ends');
      await ask(this.#person(), 'freezeEnd', { id });
      return;
    }
    const answer = await ask(this.#person(), 'freezeCreate', { reason: 'audit', ...(this.#roll() < 0.5 ? {} : { clusterSelector: 'env=prod' }) });
    const created = answer?.freeze?.id;
    if (created === undefined) return;
    this.#note('a freeze begins');
    this.#freezes.push(created);
  }

  async #strike(): Promise<void> {
    await sleep(this.#roll() * 300);
    const victim = this.#pick(VICTIMS);
    this.#note(`${victim} is killed`);
    this.books.kills += 1;
    kill(this.#hub, victim);
  }

  async #notOnline(): Promise<string[]> {
    const { organization } = await this.#person().request<{ organization: { clusters: { nodes: { name: string; status: string }[] } } }>('{ organization { clusters(first: 10) { nodes { name status } } } }');
    return organization.clusters.nodes.flatMap(({ name, status }) => (status === 'ONLINE' ? [] : [`${name} is ${status}`]));
  }

  /** Administrators and operators in one: the first may do everything. */
  #person(): GraphqlClient {
    const [first] = this.#people;
    if (first === undefined) throw new TypeError('nobody is there');
    return first;
  }

  #note(what: string): void {
    this.books.journal.push(`${((Date.now() - this.#began) / 1000).toFixed(1)} s: ${what}`);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#roll() * list.length)] as T; // lists are not empty, but for that of rollouts
  }
}

export function virtualService(name: string, seconds: number): object {
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec: { hosts: [`${name}.example.com`], http: [{ timeout: `${seconds}s`, route: [{ destination: { host: 'frontend' } }] }] } };
}

/** Somebody's object in Virginia, that no policy may take. */
export async function plantSomebodys(hub: FleetOnPostgres): Promise<void> {
  await openMeshObjects(clusterNamed(hub.open.fleet, 'virginia').kubeconfigFile).create('virtualservices', virtualService(SOMEBODYS, SOMEBODYS_SECONDS));
}
