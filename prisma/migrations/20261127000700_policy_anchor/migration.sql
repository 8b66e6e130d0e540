-- By what the policies of a cluster are found, so that a change of its labels reads those that may concern it and not all:
-- "env=prod" leads to policies that ask for this value, "env" to those that ask for the label, "" to those that ask for
-- nothing that a cluster has. Equality of text is leakproof, so that row-level security leaves the index to be used.
create table policy_anchor (
  organization_id uuid not null references organization (id) on delete cascade,
  policy_id uuid not null references policy (id) on delete cascade,
  anchor text not null,
  primary key (policy_id, anchor)
);
create index policy_anchor_lookup on policy_anchor (organization_id, anchor, policy_id);

alter table policy_anchor enable row level security;
alter table policy_anchor force row level security;
create policy tenant on policy_anchor to meshfleet_app
  using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on policy_anchor to meshfleet_app;

-- The version whose anchors they are. Where it is not the stable one, or none, the policy is looked at whatever the cluster:
-- nobody who writes a policy need know of anchors.
alter table policy add column anchored_version int;
create index policy_unanchored on policy (organization_id, id) where anchored_version is distinct from stable_version and deleted_at is null;
