-- Calls of webhooks that are under way: so many of an organization at a time, whatever the number of reconcilers.
create table webhook_slot (
  organization_id uuid not null references organization (id) on delete cascade,
  slot int not null,
  holder uuid not null,
  -- Whoever took it may have died: from then on it is free.
  until timestamptz not null,
  primary key (organization_id, slot)
);
alter table webhook_slot enable row level security;
alter table webhook_slot force row level security;
create policy tenant on webhook_slot to meshfleet_app using (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid) with check (organization_id = (select nullif(current_setting('app.organization_id', true), ''))::uuid);
grant select, insert, update, delete on webhook_slot to meshfleet_app;
