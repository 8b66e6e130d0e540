import type pg from 'pg';
import { SEEDS } from './seed-rows.ts';

const MINE = '00000000-0000-7000-8000-00000000000a';
const THEIRS = '00000000-0000-7000-8000-00000000000b';
const IDENTITY = 'issuer|person';

/**
 * Everything that is wrong with the separation of organizations in a database, in words; empty when nothing is.
 * Runs in the caller's transaction as superuser and leaves it as it was: a spec can break one rule in that same
 * transaction, see that it is missed, and roll back.
 * @param tables whose rows are tried; default: all
 */
export async function tenancyProblems(client: pg.Client, tables: readonly string[] = Object.keys(SEEDS)): Promise<string[]> {
  await client.query('savepoint tenancy');
  try {
    return [...(await catalogProblems(client)), ...(await behaviourProblems(client, tables))];
  } finally {
    await client.query('rollback to savepoint tenancy');
  }
}

async function catalogProblems(client: pg.Client): Promise<string[]> {
  const tables = await client.query<{ name: string; enabled: boolean; forced: boolean; owner: string }>(
    `select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced, r.rolname as owner
     from pg_class c join pg_roles r on r.oid = c.relowner
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'`,
  );
  const roles = await client.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname in ('meshfleet_app', 'meshfleet_relay')
     and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin
       or exists (select from pg_auth_members m where m.member = pg_roles.oid)
       or exists (select from pg_class c where c.relowner = pg_roles.oid)
       or has_schema_privilege(oid, 'public', 'create'))`,
  );
  return [
    ...tables.rows.flatMap((table) => [
      ...(table.enabled ? [] : [`${table.name}: row-level security is off`]),
      ...(table.forced ? [] : [`${table.name}: row-level security is not forced on its owner`]),
      ...(table.owner.startsWith('meshfleet_') ? [`${table.name}: owned by ${table.owner}`] : []),
      ...(table.name in SEEDS ? [] : [`${table.name}: no seed row, so that nobody knows whether it is separated`]),
    ]),
    ...roles.rows.map((role) => `${role.name}: may do or own more than it should`),
  ];
}

async function behaviourProblems(client: pg.Client, tables: readonly string[]): Promise<string[]> {
  for (const organization of [MINE, THEIRS]) {
    for (const [table, seed] of Object.entries(SEEDS)) await client.query(seed, [organization]).catch(rethrowNaming(table));
  }
  const problems: string[] = [];
  for (const table of tables) problems.push(...(await tableProblems(client, table)));
  problems.push(...(await identityProblems(client)), ...(await relayProblems(client)), ...(await verdictProblems(client)));
  return problems;
}

async function tableProblems(client: pg.Client, table: string): Promise<string[]> {
  const column = table === 'organization' ? 'id' : 'organization_id';
  const columns = await client.query<{ names: string }>(
    `select string_agg(quote_ident(column_name), ', ') as names from information_schema.columns
     where table_schema = 'public' and table_name = $1 and is_identity = 'NO' and column_name <> $2`,
    [table, column],
  );
  const names = columns.rows[0]?.names ?? '';
  const count = async (where: string): Promise<number> =>
    asRole(client, 'meshfleet_app', { 'app.organization_id': MINE }, async () =>
      Number((await client.query<{ count: string }>(`select count(*) from ${table} where ${where}`)).rows[0]?.count));
  const touched = async (text: string, settings: Record<string, string> = { 'app.organization_id': MINE }): Promise<number> =>
    asRole(client, 'meshfleet_app', settings, async () => (await client.query(text)).rowCount ?? 0);

  const problems: string[] = [];
  const expectCount = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) problems.push(`${table}: ${what}: ${found} rows, not ${wanted}`);
  };
  expectCount('own rows read', await count(`${column} = '${MINE}'`), 1);
  expectCount('others\' rows read', await count(`${column} <> '${MINE}'`), 0);
  expectCount('rows read without an organization', await touched(`select 1 from ${table}`, {}), 0);
  expectCount('rows read with an emptied organization', await touched(`select 1 from ${table}`, { 'app.organization_id': '' }), 0);
  expectCount('others\' rows updated', await touched(`update ${table} set ${column} = ${column} where ${column} = '${THEIRS}'`), 0);
  expectCount('others\' rows deleted', await touched(`delete from ${table} where ${column} = '${THEIRS}'`), 0);
  expectCount('others\' rows locked', await touched(`select 1 from ${table} where ${column} = '${THEIRS}' for update`), 0);
  expectCount('own rows given away', await touched(`update ${table} set ${column} = '${THEIRS}'`), 0);
  const overriding = table === 'organization' ? '00000000-0000-7000-8000-00000000000c' : THEIRS;
  expectCount('rows written for others', await touched(`insert into ${table} (${column}, ${names}) select '${overriding}', ${names} from ${table}`), 0);
  return problems;
}

async function identityProblems(client: pg.Client): Promise<string[]> {
  await client.query(`update member set identity = $1 where organization_id in ($2, $3)`, [IDENTITY, MINE, THEIRS]);
  const read = (table: string): Promise<number> =>
    asRole(client, 'meshfleet_app', { 'app.identity': IDENTITY }, async () => (await client.query(`select 1 from ${table}`)).rowCount ?? 0);
  const write = await asRole(client, 'meshfleet_app', { 'app.identity': IDENTITY }, async () => (await client.query(`update member set role = 'OWNER'`)).rowCount ?? 0);
  const stranger = await asRole(client, 'meshfleet_app', { 'app.identity': 'stranger' }, async () =>
    (await client.query(`select 1 from member union all select 1 from organization`)).rowCount ?? 0);
  return [
    ...((await read('member')) === 2 ? [] : ['member: a person does not see exactly their own memberships']),
    ...((await read('organization')) === 2 ? [] : ['organization: a person does not see exactly their own organizations']),
    ...(write === 0 ? [] : ['member: a person changes their own role']),
    ...(stranger === 0 ? [] : ['member: a stranger sees memberships or organizations']),
  ];
}

async function relayProblems(client: pg.Client): Promise<string[]> {
  const asRelay = (text: string): Promise<number> => asRole(client, 'meshfleet_relay', {}, async () => (await client.query(text)).rowCount ?? 0);
  const problems: string[] = [];
  if ((await asRelay('select 1 from outbox for update')) !== 2) problems.push('outbox: the relay does not see every row');
  if ((await asRelay('delete from outbox')) !== 2) problems.push('outbox: the relay cannot take rows away');
  if ((await asRelay('select id from organization')) !== 2) problems.push('organization: the relay does not see every id');
  if ((await asRelay('select name from organization')) !== 0) problems.push('organization: the relay reads more than ids');
  if ((await asRelay(`update outbox set created_at = now()`)) !== 0) problems.push('outbox: the relay changes rows');
  for (const table of Object.keys(SEEDS)) {
    if (table === 'outbox' || table === 'organization') continue;
    if ((await asRelay(`select 1 from ${table}`)) !== 0) problems.push(`${table}: the relay reads it`);
  }
  return problems;
}

/** The hub's own verdict on an object is the compiler's to clear, see the migration `placement`. */
async function verdictProblems(client: pg.Client): Promise<string[]> {
  await client.query(`update object_condition set reason = 'ObjectClaimedByOtherPolicy' where organization_id = $1`, [MINE]);
  const cleared = (settings: Record<string, string>): Promise<number> =>
    asRole(client, 'meshfleet_app', { 'app.organization_id': MINE, ...settings }, async () => (await client.query('delete from object_condition')).rowCount ?? 0);
  return [
    ...((await cleared({})) === 0 ? [] : ['object_condition: a report clears the verdict of the hub']),
    ...((await cleared({ 'app.compiling': 'on' })) === 1 ? [] : ['object_condition: a compilation cannot clear the verdict of the hub']),
  ];
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** Rows that the work touched; a refusal counts as none, any other error as -1. Nothing of it stays. */
async function asRole(client: pg.Client, role: string, settings: Record<string, string>, work: () => Promise<number>): Promise<number> {
  await client.query('savepoint as_role');
  try {
    for (const [name, value] of Object.entries(settings)) await client.query('select set_config($1, $2, true)', [name, value]);
    await client.query(`set local role ${role}`);
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return 0;
    return -1;
  } finally {
    await client.query('rollback to savepoint as_role');
  }
}

function rethrowNaming(table: string): (error: unknown) => never {
  return (error) => {
    throw new TypeError(`seed row of ${table}: ${String(error)}`, { cause: error });
  };
}
