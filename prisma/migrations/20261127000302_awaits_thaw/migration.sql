-- Something that would change what the cluster holds has come while it was frozen, and is made up for when it no longer is.
alter table cluster add column awaits_thaw boolean not null default false;
create index cluster_awaits_thaw on cluster (organization_id, id) where awaits_thaw;
