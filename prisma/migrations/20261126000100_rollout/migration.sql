-- Rollouts: the staged move of clusters from one version of a policy to another.

-- current_version is what was asked for last; stable_version what clusters hold that no rollout speaks for: the version
-- that a finished rollout has established, or that was applied without one. 0: none yet.
-- rollout_id: the rollout whose rows say what its clusters hold. It stays after an end that leaves clusters apart.
alter table policy add column stable_version int not null default 0, add column rollout_id uuid;
drop trigger policy_placement_due on policy;
alter table policy no force row level security;
update policy set stable_version = current_version;
alter table policy force row level security;
create trigger policy_placement_due before update of stable_version, rollout_id, deleted_at on policy for each row
  when (old.stable_version is distinct from new.stable_version or old.rollout_id is distinct from new.rollout_id
    or old.deleted_at is distinct from new.deleted_at)
  execute function placement_due();

create table rollout (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  -- What moves. The engine knows nothing of it; only these have a place to move in so far.
  subject text not null check (subject in ('POLICY')),
  policy_id uuid not null references policy (id) on delete cascade,
  -- The version that clusters move to; null: the policy is withdrawn.
  version int,
  strategy jsonb not null,
  -- Every object that it may touch, of the target and of what clusters held: ["VirtualService.networking.istio.io/shop/reviews"]
  object_keys jsonb not null,
  status text not null check (status in ('QUEUED', 'WAITING_APPROVAL', 'WAITING_WINDOW', 'FROZEN', 'RUNNING', 'SOAKING',
    'WAITING_GATE', 'PAUSED', 'ROLLING_BACK', 'SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED')),
  active boolean not null default true,
  -- What it is doing or waits for, in one sentence.
  because text not null default '',
  -- Its clusters have their waves.
  planned boolean not null default false,
  -- Clusters held different versions when it began.
  mixed boolean not null default false,
  -- The planner's RolloutState without its clusters.
  state jsonb not null default '{}',
  -- When to look again though nothing is heard.
  wake_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  row_version bigint not null default 1
);
create unique index rollout_active on rollout (policy_id) where active;
create index rollout_due on rollout (organization_id, wake_at) where active;
create index rollout_page on rollout (organization_id, id);
create index rollout_policy on rollout (policy_id, id);

create table rollout_cluster (
  organization_id uuid not null references organization (id) on delete cascade,
  rollout_id uuid not null references rollout (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  wave int not null,
  -- Why it is in this wave.
  because text not null,
  phase text not null check (phase in ('PENDING', 'UPDATING', 'UPDATED', 'FAILED', 'ROLLING_BACK', 'ROLLED_BACK', 'GONE')),
  -- What it held when the rollout began, what it moves to, and what it is to hold now; null: nothing of the policy.
  held_version int,
  target_version int,
  version int,
  told_at timestamptz,
  waiting_since timestamptz,
  failing_since timestamptz,
  settled_at timestamptz,
  reason text,
  accepted boolean not null default false,
  -- Errors that the analysis found before the cluster was touched.
  baseline jsonb,
  primary key (rollout_id, cluster_id)
);
create index rollout_cluster_wave on rollout_cluster (rollout_id, wave);
create index rollout_cluster_cluster on rollout_cluster (cluster_id, rollout_id);

-- What happened, and why. Added to and never changed.
create table rollout_event (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  rollout_id uuid not null references rollout (id) on delete cascade,
  at timestamptz not null,
  kind text not null,
  message text not null,
  wave int,
  actor text
);
create index rollout_event_rollout on rollout_event (rollout_id, id);

-- While one is in force nothing new is begun in the clusters that it is about.
create table rollout_freeze (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  -- Null: the whole organization.
  cluster_selector text,
  reason text not null,
  starts_at timestamptz not null,
  -- Null: until somebody ends it.
  ends_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  ended_by text,
  ended_at timestamptz
);
create index rollout_freeze_open on rollout_freeze (organization_id, id) where ended_at is null;
create index rollout_freeze_page on rollout_freeze (organization_id, id);

do $$
declare t text;
begin
  foreach t in array array['rollout', 'rollout_cluster', 'rollout_event', 'rollout_freeze']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy tenant on %I to meshfleet_app using (organization_id = (select nullif(current_setting(''app.organization_id'', true), ''''))::uuid) with check (organization_id = (select nullif(current_setting(''app.organization_id'', true), ''''))::uuid)', t);
  end loop;
end $$;
grant select, insert, update, delete on rollout, rollout_cluster, rollout_freeze to meshfleet_app;
grant select, insert on rollout_event to meshfleet_app;
