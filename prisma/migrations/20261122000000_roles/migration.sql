-- The roles under which the hub reads and writes. They own nothing and bypass nothing. They cannot log in: whoever
-- connects switches to them, and may do so because they are granted. Roles belong to the server, not to one database:
-- another database, or an administrator, may have made them before.
do $$
declare wanted text;
begin
  foreach wanted in array array['meshfleet_app', 'meshfleet_relay']
  loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin noinherit nobypassrls nocreatedb nocreaterole', wanted);
      exception when duplicate_object or unique_violation then null; -- another database was faster
      end;
    end if;
    if not pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to current_user', wanted);
    end if;
    execute format('grant usage on schema public to %I', wanted);
  end loop;
end $$;
