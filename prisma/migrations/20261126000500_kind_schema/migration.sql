-- Schemas of kinds as clusters serve them, once by digest: clusters of one mesh version share them.
create table kind_schema (
  organization_id uuid not null references organization (id) on delete cascade,
  -- SHA-256 of the canonical JSON of body.
  digest text not null,
  -- What libs/protocol calls a ServedKind.
  body jsonb not null,
  size int not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, digest)
);
alter table kind_schema enable row level security;
alter table kind_schema force row level security;
create policy tenant on kind_schema to meshfleet_app
  using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid)
  with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on kind_schema to meshfleet_app;

-- What failed is not kept: it is tried again with what is known then.
alter table policy_rendering drop column problems;
