-- When the agent first acknowledged this very revision: what it brought was applied by then.
alter table desired_state add column acked_at timestamptz;

-- The last who changed an object that was put right, the newest first: [{"manager": "kubectl-edit", "at": "…"}].
alter table object_condition add column changers jsonb not null default '[]';
