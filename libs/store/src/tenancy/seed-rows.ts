const ID = `gen_random_uuid()`;
const CLUSTER = `(select id from cluster where organization_id = $1)`;
const POLICY = `(select id from policy where organization_id = $1)`;

/** One row of every tenant table for the organization $1, in the order in which foreign keys allow them. */
export const SEEDS: Readonly<Record<string, string>> = {
  organization: `insert into organization (id, slug, name) values ($1::uuid, 'o-' || right($1::uuid::text, 4), 'Seed')`,
  organization_key: `insert into organization_key (id, organization_id, kid, public_jwk, private_envelope) values (${ID}, $1, 'k', '{}', '\\x')`,
  member: `insert into member (id, organization_id, identity, role) values (${ID}, $1, 'i', 'OWNER')`,
  api_token: `insert into api_token (id, organization_id, name, hash, role, expires_at, created_by) values (${ID}, $1, 'n', '\\x', 'VIEWER', now(), 'me')`,
  join_token: `insert into join_token (id, organization_id, name, hash, expires_at, created_by) values (${ID}, $1, 'n', '\\x', now(), 'me')`,
  cluster: `insert into cluster (id, organization_id, uid, name, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk) values (${ID}, $1, 'u', 'n', 'ACTIVE', 'k', '{}', '{}')`,
  // A trigger on cluster has written it: the label of the cluster's name.
  cluster_label: `update cluster set name = name where organization_id = $1`,
  kind_schema: `insert into kind_schema (organization_id, digest, body, size) values ($1, 'd', '{}', 2)`,
  object_content: `insert into object_content (organization_id, hash, body, size) values ($1, 'h', '{}', 2)`,
  policy: `insert into policy (id, organization_id, name) values (${ID}, $1, 'n')`,
  policy_anchor: `insert into policy_anchor (organization_id, policy_id, anchor) values ($1, ${POLICY}, 'a')`,
  policy_version: `insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by) values ($1, ${POLICY}, 1, '', '[]', '{}', 'CORRECT', 'REPORT', 'me')`,
  policy_rendering: `insert into policy_rendering (organization_id, policy_id, version, rendering, objects) values ($1, ${POLICY}, 1, 'r', '[]')`,
  rollout: `insert into rollout (id, organization_id, subject, policy_id, strategy, object_keys, status, created_by) values (${ID}, $1, 'POLICY', ${POLICY}, '{}', '[]', 'QUEUED', 'me')`,
  rollout_cluster: `insert into rollout_cluster (organization_id, rollout_id, cluster_id, wave, because, phase) values ($1, (select id from rollout where organization_id = $1), ${CLUSTER}, 0, '', 'PENDING')`,
  rollout_event: `insert into rollout_event (organization_id, rollout_id, at, kind, message) values ($1, (select id from rollout where organization_id = $1), now(), 'PLANNED', '')`,
  rollout_freeze: `insert into rollout_freeze (id, organization_id, reason, starts_at, created_by) values (${ID}, $1, 'r', now(), 'me')`,
  webhook_slot: `insert into webhook_slot (organization_id, slot, holder, until) values ($1, 1, ${ID}, now())`,
  policy_cluster: `insert into policy_cluster (organization_id, policy_id, cluster_id, version, status) values ($1, ${POLICY}, ${CLUSTER}, 1, 'PENDING')`,
  object_condition: `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, revision, observed_at) values ($1, ${CLUSTER}, ${POLICY}, 'k', 'FAILED', 'r', 'm', 1, now())`,
  desired_state_body: `insert into desired_state_body (organization_id, digest, body) values ($1, 'd', '{}')`,
  desired_state: `insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count) values ($1, ${CLUSTER}, 1, 1, 'd', 0, 0)`,
  inventory_item: `insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, ${CLUSTER}, 'k', 'Pod', 'n', 'n', '{}')`,
  agent_task: `insert into agent_task (id, organization_id, cluster_id, kind, request, deadline, created_by) values (${ID}, $1, ${CLUSTER}, 'INSPECT', '{}', now(), 'me')`,
  audit_event: `insert into audit_event (organization_id, seq, at, actor, action, hash) values ($1, 1, now(), 'me', 'a', '\\x')`,
  idempotency: `insert into idempotency (organization_id, key, mutation, request_hash, response) values ($1, 'k', 'm', 'h', '{}')`,
  outbox: `insert into outbox (organization_id, topic, payload) values ($1, 'organization.resumed', '{}')`,
};
