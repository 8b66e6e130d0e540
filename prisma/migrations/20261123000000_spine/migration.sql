-- The spine: organizations, people and tokens, clusters, policies, desired states, reports, audit, outbox.
-- Every tenant table carries organization_id, has forced row-level security, and is read and written by meshfleet_app,
-- a role that owns nothing. meshfleet_relay sees the outbox and the ids of organizations, and nothing else.

create table organization (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name text not null,
  -- Raised when the hub comes back from a backup: agents never go back to an older epoch.
  epoch bigint not null default 1,
  -- OBSERVE: agents report differences and change nothing, until a person resumes.
  mode text not null default 'ENFORCE' check (mode in ('ENFORCE', 'OBSERVE')),
  audit_seq bigint not null default 0,
  audit_hash bytea not null default '\x',
  created_at timestamptz not null default now()
);

-- Signs desired states. Agents pin the public key when they enrol. The private key is an AES-256-GCM envelope.
create table organization_key (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  kid text not null,
  public_jwk jsonb not null,
  private_envelope bytea not null,
  active boolean not null default true,
  created_at timestamptz not null default now(),
  unique (organization_id, kid)
);

create table member (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  -- '<issuer>|<subject>' of the OpenID Connect identity.
  identity text not null,
  email text,
  name text,
  role text not null check (role in ('OWNER', 'ADMIN', 'OPERATOR', 'VIEWER')),
  created_at timestamptz not null default now(),
  unique (organization_id, identity)
);
create index member_identity on member (identity);

create table api_token (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  name text not null,
  hash bytea not null,
  role text not null check (role in ('ADMIN', 'OPERATOR', 'VIEWER')),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  unique (organization_id, hash)
);

create table join_token (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  name text not null,
  hash bytea not null,
  -- Labels that a cluster enrolled with this token gets; the agent cannot choose them.
  labels jsonb not null default '{}',
  max_uses int not null default 1 check (max_uses between 1 and 1000),
  uses int not null default 0,
  require_approval boolean not null default false,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  unique (organization_id, hash)
);

create table cluster (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  -- UID of the kube-system namespace: what makes a cluster the same cluster.
  uid text not null,
  name text not null,
  labels jsonb not null default '{}',
  region text,
  zone text,
  network text,
  lifecycle text not null check (lifecycle in ('PENDING_APPROVAL', 'ACTIVE', 'QUARANTINED', 'EVICTED')),
  sign_kid text not null,
  sign_public_jwk jsonb not null,
  seal_public_jwk jsonb not null,
  agent_version text,
  kubernetes_version text,
  node_count int,
  -- Facts as the agent reports them: mesh revisions and versions, served kinds.
  facts jsonb not null default '{}',
  enrolled_at timestamptz not null default now(),
  last_seen_at timestamptz,
  desired_revision bigint not null default 0,
  desired_digest text,
  acked_epoch bigint not null default 0,
  acked_revision bigint not null default 0,
  acked_digest text,
  acked_at timestamptz,
  -- Highest report sequence taken; a report at or below it was taken before.
  report_seq bigint not null default 0,
  inventory_seq bigint not null default 0,
  -- Deletions approved by a person beyond the agent's guard, until the next revision.
  approved_deletions int not null default 0,
  row_version bigint not null default 1,
  unique (organization_id, uid),
  unique (organization_id, name)
);
create index cluster_page on cluster (organization_id, name, id);
create index cluster_labels on cluster using gin (labels jsonb_path_ops);

-- Bodies of Kubernetes objects, once by content hash (SHA-256 of canonical JSON).
create table object_content (
  organization_id uuid not null references organization (id) on delete cascade,
  hash text not null,
  body jsonb not null,
  size int not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, hash)
);

create table policy (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  name text not null,
  description text,
  current_version int not null default 0,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  row_version bigint not null default 1
);
create unique index policy_live_name on policy (organization_id, name) where deleted_at is null;
create index policy_page on policy (organization_id, name, id);

-- Immutable.
create table policy_version (
  organization_id uuid not null references organization (id) on delete cascade,
  policy_id uuid not null references policy (id) on delete cascade,
  version int not null,
  -- The text as the user sent it.
  manifests text not null,
  default_namespace text,
  -- [{"key": "VirtualService.networking.istio.io/shop/reviews", "hash": "…"}] in the order they are applied.
  objects jsonb not null,
  placement jsonb not null,
  drift text not null check (drift in ('CORRECT', 'REPORT')),
  conflicts text not null check (conflicts in ('REPORT', 'FORCE')),
  comment text,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (policy_id, version)
);

-- Which version of a policy a cluster should hold, and how far it is.
create table policy_cluster (
  organization_id uuid not null references organization (id) on delete cascade,
  policy_id uuid not null references policy (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  -- Version that the cluster should hold; null while the policy is being withdrawn from it.
  version int,
  -- Revision of the desired state that carries it; 0 before the first compilation.
  revision bigint not null default 0,
  status text not null check (status in ('PENDING', 'APPLIED', 'FAILED', 'DRIFTED')),
  object_count int not null default 0,
  updated_at timestamptz not null default now(),
  primary key (cluster_id, policy_id)
);
create index policy_cluster_policy on policy_cluster (organization_id, policy_id, status);

-- Objects that are not as they should be, or were put right lately. An object without a row is as desired.
create table object_condition (
  organization_id uuid not null references organization (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  policy_id uuid not null,
  object_key text not null,
  status text not null check (status in ('FAILED', 'DRIFTED', 'CORRECTED')),
  reason text not null,
  message text not null,
  -- The other field manager, when one is known.
  manager text,
  fields jsonb not null default '[]',
  revision bigint not null,
  observed_at timestamptz not null,
  primary key (cluster_id, object_key)
);
create index object_condition_policy on object_condition (organization_id, policy_id, cluster_id);

-- Bodies of desired states by digest: clusters that hold the same share one.
create table desired_state_body (
  organization_id uuid not null references organization (id) on delete cascade,
  digest text not null,
  -- {"entries": [...], "tombstones": [...]}; see libs/protocol.
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, digest)
);

create table desired_state (
  organization_id uuid not null references organization (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  revision bigint not null,
  epoch bigint not null,
  digest text not null,
  object_count int not null,
  tombstone_count int not null,
  -- Why it changed: [{"policyId": "…", "version": 3, "actor": "…"}]
  cause jsonb not null default '[]',
  created_at timestamptz not null default now(),
  primary key (cluster_id, revision),
  foreign key (organization_id, digest) references desired_state_body (organization_id, digest)
);
create index desired_state_body_use on desired_state (organization_id, digest);

create table inventory_item (
  organization_id uuid not null references organization (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  object_key text not null,
  kind text not null,
  namespace text not null,
  name text not null,
  body jsonb not null,
  primary key (cluster_id, object_key)
);
create index inventory_item_kind on inventory_item (organization_id, cluster_id, kind, namespace, name);

-- Hash-chained: hash = SHA-256(previous hash || canonical JSON of the row).
create table audit_event (
  organization_id uuid not null references organization (id) on delete cascade,
  seq bigint not null,
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text,
  details jsonb not null default '{}',
  hash bytea not null,
  primary key (organization_id, seq)
);

create table idempotency (
  organization_id uuid not null references organization (id) on delete cascade,
  key text not null,
  mutation text not null,
  request_hash text not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, key)
);

create table outbox (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now()
);

-- Row-level security, the same on every tenant table.
do $$
declare t text;
begin
  foreach t in array array['organization_key', 'member', 'api_token', 'join_token', 'cluster', 'object_content', 'policy',
    'policy_version', 'policy_cluster', 'object_condition', 'desired_state_body', 'desired_state', 'inventory_item',
    'audit_event', 'idempotency', 'outbox']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy tenant on %I to meshfleet_app using (organization_id = (select nullif(current_setting(''app.organization_id'', true), ''''))::uuid) with check (organization_id = (select nullif(current_setting(''app.organization_id'', true), ''''))::uuid)', t);
  end loop;
end $$;

alter table organization enable row level security;
alter table organization force row level security;
create policy tenant on organization to meshfleet_app
  using (id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);

-- A signed-in person may see their own memberships, to choose an organization.
create policy own_identity on member for select to meshfleet_app
  using (identity = (select nullif(current_setting('app.identity', true), '')));
create policy own_organizations on organization for select to meshfleet_app
  using (id in (select m.organization_id from member m where m.identity = (select nullif(current_setting('app.identity', true), ''))));

grant select, insert, update, delete on organization, organization_key, member, api_token, join_token, cluster, object_content,
  policy, policy_version, policy_cluster, object_condition, desired_state_body, desired_state, inventory_item, idempotency
  to meshfleet_app;
-- History is added to and never changed.
grant select, insert on audit_event to meshfleet_app;
grant select, insert, delete on outbox to meshfleet_app;

create policy relay on outbox to meshfleet_relay using (true) with check (false);
create policy relay on organization for select to meshfleet_relay using (true);
grant select, delete on outbox to meshfleet_relay;
-- SELECT … FOR UPDATE asks for the right to update some column; the policy's check refuses every update that is tried.
grant update (created_at) on outbox to meshfleet_relay;
grant select (id) on organization to meshfleet_relay;
