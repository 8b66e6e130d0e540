-- Questions to an agent that somebody waits for: a server-side dry run, a look at one object. They are answered once, by a
-- deadline, and forgotten soon after.
create table agent_task (
  id uuid primary key,
  organization_id uuid not null references organization (id) on delete cascade,
  cluster_id uuid not null references cluster (id) on delete cascade,
  kind text not null check (kind in ('DRY_RUN', 'INSPECT')),
  request jsonb not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'DONE', 'FAILED', 'EXPIRED')),
  -- Of DONE the result; of FAILED {"reason": "…", "message": "…"}.
  result jsonb,
  deadline timestamptz not null,
  -- When an agent fetched it last: one that dies over it does not keep it.
  taken_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now()
);
-- Read with each request of an agent, and nearly always empty.
create index agent_task_pending on agent_task (organization_id, cluster_id) where status = 'PENDING';
create index agent_task_deadline on agent_task (organization_id, deadline);

alter table agent_task enable row level security;
alter table agent_task force row level security;
create policy tenant on agent_task to meshfleet_app
  using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on agent_task to meshfleet_app;
