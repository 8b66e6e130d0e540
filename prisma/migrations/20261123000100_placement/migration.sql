-- What placement and compilation need beyond the spine.

-- The labels of clusters by key and value, with the ones that are always there (meshfleet.io/name, region, zone, network).
-- Placement reads this table, not cluster.labels: under row-level security Postgres uses an index only for leakproof
-- operators, and equality of text is one while jsonb's containment is not: the GIN index was never used, only maintained.
drop index cluster_labels;
create table cluster_label (
  organization_id uuid not null references organization (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  key text not null,
  value text not null,
  primary key (cluster_id, key)
);
create index cluster_label_value on cluster_label (organization_id, key, value, cluster_id);

alter table cluster_label enable row level security;
alter table cluster_label force row level security;
create policy tenant on cluster_label to meshfleet_app
  using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on cluster_label to meshfleet_app;

-- Acknowledgements and compilations update columns that no index holds: with room on the page that touches no index.
alter table cluster set (fillfactor = 60);

-- Whoever writes a cluster need not know of cluster_label.
create function cluster_label_sync() returns trigger language plpgsql as $$
declare wanted jsonb := new.labels || jsonb_strip_nulls(jsonb_build_object('meshfleet.io/name', new.name,
  'meshfleet.io/region', new.region, 'meshfleet.io/zone', new.zone, 'meshfleet.io/network', new.network));
begin
  delete from cluster_label where cluster_id = new.id and not wanted ? key;
  insert into cluster_label (organization_id, cluster_id, key, value)
    select new.organization_id, new.id, w.key, w.value from jsonb_each_text(wanted) w
    on conflict (cluster_id, key) do update set value = excluded.value where cluster_label.value <> excluded.value;
  return null;
end $$;
create trigger cluster_label_sync_insert after insert on cluster for each row execute function cluster_label_sync();
create trigger cluster_label_sync_update after update of labels, name, region, zone, network on cluster for each row
  when (old.labels is distinct from new.labels or old.name is distinct from new.name or old.region is distinct from new.region
    or old.zone is distinct from new.zone or old.network is distinct from new.network)
  execute function cluster_label_sync();

-- While a row waits for its compilation its revision is 9007199254740991 (2^53 - 1): no acknowledgement reaches it, so
-- that nobody takes it for applied, or for withdrawn, before it was ever part of a desired state.
create index policy_cluster_uncompiled on policy_cluster (organization_id, cluster_id)
  where revision in (0, 9007199254740991);

-- Policies under whose name an object may still lie in the cluster although another one holds the key by now:
-- [["VirtualService.networking.istio.io/shop/reviews", "<policy id>"]]. They become tombstones when the key is let go
-- before the agent has acknowledged the change of hands.
alter table desired_state add column residue jsonb not null default '[]';

-- A person has approved deletions (cluster.approved_deletions), and no revision has told the agent yet. An approval is
-- spent when the revision that carries it was acknowledged; the next one clears it.
alter table cluster add column approval_due boolean not null default false;

-- Two policies can each have something to say of one object of a cluster: the one that holds it, and the one that may not.
alter table object_condition drop constraint object_condition_pkey;
alter table object_condition add primary key (cluster_id, object_key, policy_id);
-- The hub's own verdict is no agent's to clear: only a compilation (app.compiling) removes it.
create policy verdict_of_the_hub on object_condition as restrictive for delete to meshfleet_app
  using (reason <> 'ObjectClaimedByOtherPolicy' or current_setting('app.compiling', true) = 'on');

-- Whether assignments follow the row as it is now. Events only speed things up: the sweep looks for what is not placed.
alter table policy add column placed boolean not null default false;
create index policy_unplaced on policy (organization_id, id) where not placed;
alter table cluster add column placed boolean not null default false;
create index cluster_unplaced on cluster (organization_id, id) where not placed;

create function placement_due() returns trigger language plpgsql as $$
begin
  new.placed := false;
  return new;
end $$;
create trigger policy_placement_due before update of current_version, deleted_at on policy for each row
  when (old.current_version is distinct from new.current_version or old.deleted_at is distinct from new.deleted_at)
  execute function placement_due();
create trigger cluster_placement_due before update of labels, name, region, zone, network, lifecycle on cluster for each row
  when (old.labels is distinct from new.labels or old.name is distinct from new.name or old.region is distinct from new.region
    or old.zone is distinct from new.zone or old.network is distinct from new.network or old.lifecycle is distinct from new.lifecycle)
  execute function placement_due();

-- Also when the number is the one that was approved, and spent, before.
create function deletions_approved() returns trigger language plpgsql as $$
begin
  new.approval_due := true;
  new.placed := false;
  return new;
end $$;
create trigger cluster_deletions_approved before update of approved_deletions on cluster for each row
  when (new.approved_deletions > 0) execute function deletions_approved();
