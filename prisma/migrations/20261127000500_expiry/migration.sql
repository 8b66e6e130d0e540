-- Objects may say until when a cluster is to hold them. When the next of those that it holds of a policy ends; null: none does.
alter table policy_cluster add column expires_at timestamptz;
create index policy_cluster_expiring on policy_cluster (organization_id, expires_at) where expires_at is not null;
