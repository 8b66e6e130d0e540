-- Which gate of its wave the reason of a cluster is about.
alter table rollout_cluster add column gate text check (gate in ('APPLIED', 'HEALTHY', 'FINDINGS'));
alter table rollout_cluster no force row level security;
update rollout_cluster set gate = case when reason like 'not healthy: %' then 'HEALTHY' when reason like 'the analysis finds a new error: %' then 'FINDINGS' else 'APPLIED' end
  where reason is not null and phase in ('UPDATING', 'UPDATED', 'FAILED');
alter table rollout_cluster force row level security;

-- That a rollout is in force moves nothing by itself: its rows say what its clusters hold already. That none is any more does.
drop trigger policy_placement_due on policy;
create trigger policy_placement_due before update of stable_version, rollout_id, deleted_at on policy for each row
  when (old.stable_version is distinct from new.stable_version or (old.rollout_id is not null and new.rollout_id is null)
    or old.deleted_at is distinct from new.deleted_at)
  execute function placement_due();
