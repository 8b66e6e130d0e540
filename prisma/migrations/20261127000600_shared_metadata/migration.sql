-- Several policies may set labels and annotations of one object, each its own. Who has which of them in a revision:
-- [["Namespace/shop", [{"policyId": "…", "hash": "…", "fields": [".metadata.labels.team"], "drift": "CORRECT", "conflicts": "REPORT"}]]],
-- the oldest policy first. Objects that one policy has alone are not among them.
alter table desired_state add column shares jsonb not null default '[]';

-- What rollouts touch is named label by label. Of those under way it is known by object alone: each counts as touching any.
alter table rollout no force row level security;
update rollout set object_keys = (
  select coalesce(jsonb_agg(case when split_part(k.key, '/', 1) in ('Namespace', 'Service', 'DaemonSet.apps', 'Deployment.apps', 'StatefulSet.apps')
    then k.key || ' ${*}' else k.key end), '[]') from jsonb_array_elements_text(object_keys) as k (key))
  where active;
alter table rollout force row level security;
