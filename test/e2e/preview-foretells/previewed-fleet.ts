import { analysisInputOf, analyze, type InventoryObject } from '@meshfleet/istio/analysis';
import { formatObjectKey, objectKeyOf, type Finding, type KubeObject } from '@meshfleet/model';
import { NO_NEIGHBOURS } from '@meshfleet/store';
import { expect } from 'vitest';
import { summarize } from '../../../apps/agent/src/observe/summarize.ts';
import { insertCluster } from '../../../apps/api/src/testing/populate.ts';
import { reportInventory } from '../../../apps/api/src/testing/report-inventory.ts';
import type { TestApi } from '../../../apps/api/src/testing/test-api.ts';
import { applyPolicyChanges } from '../../../apps/reconciler/src/events/apply-policy-changes.ts';
import { runRollout } from '../../../apps/reconciler/src/rollout/run-rollout.ts';
import { THERE } from './what-is-there.ts';

const CLUSTERS = [{ env: 'prod', team: 'cart' }, { env: 'prod' }, { env: 'dev', team: 'web' }, { env: 'dev', team: 'cart' }, {}, { env: 'prod', team: 'web' }];

/** Clusters that are rows alone: the reconciler's work is done here, and an agent's as far as the hub sees it. */
export class PreviewedFleet {
  readonly #api: TestApi;
  readonly #owner: { readonly id: string; readonly token: string };
  readonly #ids = new Map<string, string>();
  readonly #reported = new Map<string, readonly InventoryObject[]>();
  /** Everything that clusters were asked for is there, and told. */
  inSync = false;

  constructor(api: TestApi, owner: { readonly id: string; readonly token: string }) {
    this.#api = api;
    this.#owner = owner;
  }

  async begin(): Promise<void> {
    for (const [index, labels] of CLUSTERS.entries()) this.#ids.set(`c${index}`, await insertCluster(this.#api, this.#owner.id, `c${index}`, labels));
    await this.#report();
  }

  async ask<T>(query: string, variables: object = {}): Promise<T> {
    const { data, errors } = await this.#api.query<T>(this.#owner.token, query, variables);
    expect(errors).toEqual([]);
    return data;
  }

  /** The reconciler's work, and now and then that of agents. */
  async reconcile(carriedOut: boolean): Promise<void> {
    const { admin, store } = this.#api.db;
    const { rows } = await admin.query<{ id: string }>('select id from policy where organization_id = $1 and not placed', [this.#owner.id]);
    await applyPolicyChanges(store, { organizationId: this.#owner.id, changes: rows.map(({ id }) => ({ policyId: id, actor: 'user:ada' })) });
    this.inSync = carriedOut;
    if (!carriedOut) return;
    await admin.query('update cluster set acked_epoch = 1, acked_revision = desired_revision where organization_id = $1', [this.#owner.id]);
    await this.#report();
  }

  /** Moves a rollout until it waits or has ended. */
  async advance(rolloutId: string): Promise<void> {
    await runRollout({ store: this.#api.db.store, now: () => new Date(), callWebhook: () => Promise.resolve(undefined) }, this.#owner.id, rolloutId);
  }

  async revisions(): Promise<Map<string, number>> {
    const { organization } = await this.ask<{ organization: { clusters: { nodes: readonly { name: string; desiredState: { revision: number } | null }[] } } }>('{ organization { clusters(first: 100) { nodes { name desiredState { revision } } } } }');
    return new Map(organization.clusters.nodes.map(({ name, desiredState }) => [name, desiredState?.revision ?? 0]));
  }

  /** What the cluster is asked to hold, by key. */
  async held(name: string): Promise<Map<string, KubeObject>> {
    const { rows } = await this.#api.db.admin.query<{ key: string; body: KubeObject; policyId: string }>(
      `select e->>'key' as key, o.body, e->>'policyId' as "policyId" from cluster c
       join desired_state_body b on b.organization_id = c.organization_id and b.digest = c.desired_digest
       cross join lateral jsonb_array_elements(b.body->'entries') e join object_content o on o.organization_id = c.organization_id and o.hash = e->>'hash' where c.id = $1`,
      [this.#ids.get(name)],
    );
    return new Map(rows.map(({ key, body, policyId }) => [key, marked(body, policyId)]));
  }

  /** What the analysis says of a cluster as it was reported last. */
  findings(name: string): readonly Finding[] {
    return analyze(analysisInputOf(this.#reported.get(name) ?? [], { now: Date.now(), ...NO_NEIGHBOURS }));
  }

  async #report(): Promise<void> {
    for (const [name, id] of this.#ids) {
      const objects = [...THERE, ...(await this.held(name)).values()];
      const rows = objects.map((object) => ({ key: formatObjectKey(objectKeyOf(object)), body: summarize(object) }));
      this.#reported.set(name, rows);
      await reportInventory(this.#api, this.#owner.id, id, Object.fromEntries(rows.map(({ key, body }) => [key, body])));
    }
  }
}

/** As an agent applies it. */
function marked(object: KubeObject, policyId: string): KubeObject {
  const { labels, annotations } = object.metadata;
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, 'meshfleet.io/managed': 'true' }, annotations: { ...annotations, 'meshfleet.io/policy': policyId } } };
}
