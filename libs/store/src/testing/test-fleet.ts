import { randomBytes } from 'node:crypto';
import { contentHash, formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { inputsOf, strategySchema } from '@meshfleet/planner';
import type { AssignedObject, Placement, Template } from '@meshfleet/planner';
import type { DesiredState } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';
import { storeContents } from '../desired-state/contents.ts';
import { enqueue } from '../outbox/enqueue.ts';
import type { ClusterChange } from '../outbox/enqueue.ts';
import { insertRollout } from '../rollout/insert-rollout.ts';
import type { Store } from '../store.ts';
import { uuidv7 } from '../uuidv7.ts';
import type { TestStore } from './with-test-store.ts';

export interface FleetCluster {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly lifecycle?: 'PENDING_APPROVAL' | 'ACTIVE' | 'QUARANTINED' | 'EVICTED';
}

export interface FleetPolicy {
  readonly name: string;
  /** Key of an object to its content hash. */
  readonly objects?: Readonly<Record<string, string>>;
  /** When objects end, by key. */
  readonly ends?: Readonly<Record<string, string>>;
  /** Objects that ask for more than a content. */
  readonly entries?: readonly AssignedObject[];
  /** Objects that differ from cluster to cluster. */
  readonly template?: Partial<Template>;
  /** Absent selects nothing. */
  readonly clusterSelector?: string;
  readonly clusterNames?: readonly string[];
  /** The rest of a placement. */
  readonly placement?: Partial<Placement>;
  readonly drift?: 'CORRECT' | 'REPORT';
  readonly conflicts?: 'REPORT' | 'FORCE';
  /** Announced to nobody: the event got lost. */
  readonly silent?: boolean;
  /** A strategy: the version reaches clusters by a rollout. */
  readonly rollout?: object;
}

export interface FleetAssignment {
  readonly policyId: string;
  readonly clusterId: string;
  readonly version: number | null;
  readonly revision: number;
  readonly status: string;
}

export interface FleetRollout {
  readonly id: string;
  readonly status: string;
  readonly because: string;
  readonly wakeAt: Date | null;
  readonly rowVersion: number;
  /** By the cluster's name. */
  readonly phases: Readonly<Record<string, string>>;
  readonly events: readonly string[];
}

/** Clusters and policies of one organization for specs, written as the API and the agents' gateway write them. */
export function testFleet(test: TestStore, organizationId: string, store: Store = test.store): TestFleet {
  return new TestFleet(test, organizationId, store);
}

export class TestFleet {
  readonly organizationId: string;
  readonly #test: TestStore;
  readonly #store: Store;

  constructor(test: TestStore, organizationId: string, store: Store) {
    this.#test = test;
    this.organizationId = organizationId;
    this.#store = store;
  }

  /** Enrols clusters, silently; returns their ids. */
  async addClusters(clusters: readonly FleetCluster[]): Promise<string[]> {
    const ids = clusters.map(() => newId());
    await this.#store.transaction(this.organizationId, async (tx) => {
      await tx.query(
        `insert into cluster (id, organization_id, uid, name, labels, region, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk)
         select w.id, $1, w.id::text, w.name, w.labels::jsonb, w.region, w.lifecycle, 'kid', '{}', '{}'
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) as w (id, name, labels, region, lifecycle)`,
        [
          this.organizationId,
          ids,
          clusters.map((cluster) => cluster.name),
          clusters.map((cluster) => JSON.stringify(cluster.labels ?? {})),
          clusters.map((cluster) => cluster.region ?? null),
          clusters.map((cluster) => cluster.lifecycle ?? 'ACTIVE'),
        ],
      );
    });
    return ids;
  }

  /** Creates the policy or its next version, in one transaction with its event; returns its id. */
  applyPolicy(policy: FleetPolicy): Promise<string> {
    return this.#store.transaction(this.organizationId, async (tx) => {
      const { rows } = await tx.query<{ id: string; version: number }>(
        `insert into policy (id, organization_id, name, current_version, stable_version) values ($2, $1, $3, 1, case when $4 then 0 else 1 end)
         on conflict (organization_id, name) where deleted_at is null
         do update set current_version = policy.current_version + 1, stable_version = case when $4 then policy.stable_version else policy.current_version + 1 end,
           rollout_id = case when $4 then policy.rollout_id end, row_version = policy.row_version + 1, updated_at = now()
         returning id, current_version as version`,
        [this.organizationId, newId(), policy.name, policy.rollout !== undefined],
      );
      const { id, version } = rows[0] ?? { id: '', version: 0 };
      const template = { objects: [], variables: [], patches: [], ...policy.template };
      const contents = template.objects.map((body) => ({ key: formatObjectKey(objectKeyOf(body)), hash: contentHash(body), body }));
      if (contents.length > 0) storeContents(tx, contents);
      const plain = [...contents.map(({ key, hash }) => ({ key, hash })), ...Object.entries(policy.objects ?? {}).map(([key, hash]) => ({ key, hash }))].map((object) => {
        const expiresAt = policy.ends?.[object.key];
        return expiresAt === undefined ? object : { ...object, expiresAt };
      });
      const objects = [...plain, ...(policy.entries ?? [])];
      await tx.query(
        `insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by, variables, patches, inputs)
         values ($1, $2, $3, '', $4::jsonb, $5::jsonb, $6, $7, 'user:test|ada', $8::jsonb, $9::jsonb, $10::jsonb)`,
        [
          this.organizationId,
          id,
          version,
          JSON.stringify(objects),
          JSON.stringify({ clusterNames: policy.clusterNames ?? [], ...policy.placement, ...(policy.clusterSelector === undefined ? {} : { clusterSelector: policy.clusterSelector }) }),
          policy.drift ?? 'CORRECT',
          policy.conflicts ?? 'REPORT',
          JSON.stringify(template.variables),
          JSON.stringify(template.patches),
          policy.template === undefined ? null : JSON.stringify(inputsOf(template)),
        ],
      );
      if (policy.rollout !== undefined) {
        await insertRollout(tx, { id: newId(), policyId: id, version, strategy: strategySchema.parse(policy.rollout), createdBy: 'user:test|ada', at: new Date() });
        return id;
      }
      if (policy.silent !== true) await enqueue(tx, 'policy.changed', { policyId: id, version, actor: 'user:test|ada' });
      return id;
    });
  }

  async deletePolicy(policyId: string): Promise<void> {
    await this.#store.transaction(this.organizationId, async (tx) => {
      await tx.query(`update policy set deleted_at = now(), row_version = row_version + 1 where id = $1 and deleted_at is null`, [policyId]);
      await enqueue(tx, 'policy.changed', { policyId, version: null, actor: 'user:test|ada' });
    });
  }

  /** Changes a column of a cluster and announces it, as a mutation would. */
  async changeCluster(clusterId: string, reason: ClusterChange, set: { labels?: Record<string, string>; lifecycle?: string; approvedDeletions?: number }): Promise<void> {
    await this.#store.transaction(this.organizationId, async (tx) => {
      if (set.labels !== undefined) await tx.query(`update cluster set labels = $2::jsonb where id = $1`, [clusterId, JSON.stringify(set.labels)]);
      if (set.lifecycle !== undefined) await tx.query(`update cluster set lifecycle = $2 where id = $1`, [clusterId, set.lifecycle]);
      if (set.approvedDeletions !== undefined) await tx.query(`update cluster set approved_deletions = $2 where id = $1`, [clusterId, set.approvedDeletions]);
      await enqueue(tx, 'cluster.changed', { clusterId, reason, actor: 'user:test|ada' });
    });
  }

  /** The agent has carried out its desired state; `failed` are objects that it could not. */
  async acknowledge(clusterId: string, failed: readonly { key: string; policyId: string; reason?: string }[] = []): Promise<void> {
    await this.#store.transaction(this.organizationId, async (tx: Tx) => {
      await tx.query(
        `update cluster c set acked_epoch = o.epoch, acked_revision = c.desired_revision, acked_digest = c.desired_digest, acked_at = now()
         from organization o where o.id = c.organization_id and c.id = $1`,
        [clusterId],
      );
      for (const { key, policyId, reason } of failed) {
        await tx.query(
          `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, revision, observed_at)
           values ($1, $2, $3, $4, 'FAILED', $5, '', 1, now())`,
          [this.organizationId, clusterId, policyId, key, reason ?? 'Conflict'],
        );
      }
      await tx.query(
        `update policy_cluster x set status = case when exists (select from object_condition o
             where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.status = 'FAILED') then 'FAILED' else 'APPLIED' end
         from cluster c where c.id = x.cluster_id and x.cluster_id = $1 and c.acked_revision >= x.revision`,
        [clusterId],
      );
      await tx.query(
        `delete from policy_cluster x using cluster c where c.id = x.cluster_id and x.cluster_id = $1 and x.version is null
           and c.acked_revision >= x.revision and x.status = 'APPLIED'`,
        [clusterId],
      );
    });
  }

  /** What a cluster should hold now. */
  async desiredOf(clusterId: string): Promise<{ revision: number; state: DesiredState; cause: unknown; approvedDeletions: number }> {
    const { rows } = await this.#test.admin.query<{ revision: number; state: DesiredState | null; cause: unknown; approvedDeletions: number }>(
      `select c.desired_revision as revision, b.body as state, d.cause, c.approved_deletions as "approvedDeletions" from cluster c
       left join desired_state d on d.cluster_id = c.id and d.revision = c.desired_revision
       left join desired_state_body b on b.organization_id = c.organization_id and b.digest = c.desired_digest where c.id = $1`,
      [clusterId],
    );
    const [row] = rows;
    return { revision: row?.revision ?? 0, state: row?.state ?? { entries: [], tombstones: [] }, cause: row?.cause ?? [], approvedDeletions: row?.approvedDeletions ?? 0 };
  }

  /** The agent is there. */
  async seen(clusterId: string, secondsAgo = 0): Promise<void> {
    await this.#test.admin.query(`update cluster set last_seen_at = now() - make_interval(secs => $2) where id = $1`, [clusterId, secondsAgo]);
  }

  /** Time passes: those objects of these keys that have an end came to it a minute ago. */
  async end(keys: readonly string[]): Promise<void> {
    for (const table of ['policy_version', 'policy_rendering']) {
      await this.#test.admin.query(
        `update ${table} set objects = (select jsonb_agg(case when o->>'key' = any($2) and o ? 'expiresAt' then o || jsonb_build_object('expiresAt', to_jsonb(now() - interval '1 minute')) else o end)
           from jsonb_array_elements(objects) o) where organization_id = $1 and objects <> '[]'`,
        [this.organizationId, keys],
      );
    }
    await this.#test.admin.query(`update policy_cluster set expires_at = now() - interval '1 minute' where organization_id = $1 and expires_at is not null`, [this.organizationId]);
  }

  /** The newest rollout of a policy. */
  async rolloutOf(policyId: string): Promise<FleetRollout> {
    const { rows } = await this.#test.admin.query<FleetRollout>(
      `select r.id, r.status, r.because, r.wake_at as "wakeAt", r.row_version as "rowVersion",
         (select coalesce(jsonb_object_agg(c.name, k.phase), '{}') from rollout_cluster k join cluster c on c.id = k.cluster_id where k.rollout_id = r.id) as phases,
         (select coalesce(jsonb_agg(e.kind order by e.id), '[]') from rollout_event e where e.rollout_id = r.id) as events
       from rollout r where r.policy_id = $1 order by r.id desc limit 1`,
      [policyId],
    );
    return rows[0] ?? { id: '', status: 'none', because: '', wakeAt: null, rowVersion: 0, phases: {}, events: [] };
  }

  async policyClusters(): Promise<FleetAssignment[]> {
    const { rows } = await this.#test.admin.query<FleetAssignment>(
      `select policy_id as "policyId", cluster_id as "clusterId", version, revision, status from policy_cluster
       where organization_id = $1 order by policy_id, cluster_id`,
      [this.organizationId],
    );
    return rows;
  }
}

function newId(): string {
  return uuidv7(new Date(), randomBytes(10));
}
