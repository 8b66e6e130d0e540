-- The intent of a policy: presets, variables, patches; what clusters differ in; and the renderings that come of it.

-- The mesh that a cluster is part of, as a label that is always there.
alter table cluster add column mesh text;

create or replace function cluster_label_sync() returns trigger language plpgsql as $$
declare wanted jsonb := new.labels || jsonb_strip_nulls(jsonb_build_object('meshfleet.io/name', new.name,
  'meshfleet.io/region', new.region, 'meshfleet.io/zone', new.zone, 'meshfleet.io/network', new.network, 'meshfleet.io/mesh', new.mesh));
begin
  delete from cluster_label where cluster_id = new.id and not wanted ? key;
  insert into cluster_label (organization_id, cluster_id, key, value)
    select new.organization_id, new.id, w.key, w.value from jsonb_each_text(wanted) w
    on conflict (cluster_id, key) do update set value = excluded.value where cluster_label.value <> excluded.value;
  return null;
end $$;
drop trigger cluster_label_sync_update on cluster;
create trigger cluster_label_sync_update after update of labels, name, region, zone, network, mesh on cluster for each row
  when (old.labels is distinct from new.labels or old.name is distinct from new.name or old.region is distinct from new.region
    or old.zone is distinct from new.zone or old.network is distinct from new.network or old.mesh is distinct from new.mesh)
  execute function cluster_label_sync();
drop trigger cluster_placement_due on cluster;
create trigger cluster_placement_due before update of labels, name, region, zone, network, mesh, lifecycle on cluster for each row
  when (old.labels is distinct from new.labels or old.name is distinct from new.name or old.region is distinct from new.region
    or old.zone is distinct from new.zone or old.network is distinct from new.network or old.mesh is distinct from new.mesh
    or old.lifecycle is distinct from new.lifecycle)
  execute function placement_due();

alter table policy_version
  -- The preset that wrote the manifests, with all its parameters.
  add column preset text,
  add column preset_parameters jsonb,
  add column variables jsonb not null default '[]',
  add column patches jsonb not null default '[]',
  -- What a rendering depends on: the values of a cluster that manifests, patches and variables refer to. Null: the version
  -- is the same in every cluster, and `objects` is what each of them holds. Else `objects` names the templates.
  add column inputs jsonb;

-- Objects of a version as a cluster with these values gets them: once for all clusters that are alike in what it depends on.
create table policy_rendering (
  organization_id uuid not null references organization (id) on delete cascade,
  policy_id uuid not null,
  version int not null,
  -- SHA-256 of what the version reads of a cluster, its schemas included.
  rendering text not null,
  -- As in policy_version.objects; empty when there are problems.
  objects jsonb not null,
  -- [{"key": "VirtualService.networking.istio.io/shop/reviews", "message": "…"}]
  problems jsonb not null default '[]',
  created_at timestamptz not null default now(),
  primary key (policy_id, version, rendering),
  foreign key (policy_id, version) references policy_version (policy_id, version) on delete cascade
);
alter table policy_rendering enable row level security;
alter table policy_rendering force row level security;
create policy tenant on policy_rendering to meshfleet_app
  using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on policy_rendering to meshfleet_app;

-- Which of them the cluster was last given; null where the version is the same everywhere.
alter table policy_cluster add column rendering text;

-- What the hub itself has found is no agent's to clear.
drop policy verdict_of_the_hub on object_condition;
create policy verdict_of_the_hub on object_condition as restrictive for delete to meshfleet_app
  using (reason not in ('ObjectClaimedByOtherPolicy', 'RenderFailed') or current_setting('app.compiling', true) = 'on');
