import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUniqueViolation } from '../connection/sql.ts';
import { insertOrganization, organizationExists, readOrganization, resumeOrganization } from '../organization/organizations.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { uuidv7 } from '../uuidv7.ts';
import { findAccessOfMember, insertMember, listMemberships } from './memberships.ts';
import type { MemberRole } from './memberships.ts';

const ADA = 'https://idp.example|ada';
const BOB = 'https://idp.example|bob';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const newId = (): string => uuidv7(new Date(), randomBytes(10));

async function organizationOf(slug: string, members: Readonly<Record<string, MemberRole>>): Promise<string> {
  const id = newId();
  await test.store.transaction(id, async (tx) => {
    await insertOrganization(tx, { slug, name: slug.toUpperCase(), createdAt: new Date() });
    for (const [identity, role] of Object.entries(members)) insertMember(tx, { id: newId(), identity, role });
  });
  return id;
}

describe('a person', () => {
  it('sees the memberships of their own, by slug, and nobody else’s', async () => {
    await organizationOf('zeta', { [ADA]: 'VIEWER', [BOB]: 'OWNER' });
    await organizationOf('acme', { [ADA]: 'OWNER' });
    const list = (identity: string, asked = identity): Promise<string[]> =>
      test.store.identityTransaction(identity, async (sql) => (await listMemberships(sql, asked)).map(({ slug, role }) => `${slug} ${role}`));
    expect(await list(ADA)).toEqual(['acme OWNER', 'zeta VIEWER']);
    expect(await list(BOB)).toEqual(['zeta OWNER']);
    expect(await list(BOB, ADA)).toEqual([]); // row-level security, not the argument, decides
  });

  it('has access to an organization by membership alone', async () => {
    const id = await organizationOf('beta', { [ADA]: 'OPERATOR' });
    expect(await test.store.transaction(id, (tx) => findAccessOfMember(tx, ADA))).toMatchObject({ role: 'OPERATOR', organization: { id, slug: 'beta', mode: 'ENFORCE' } });
    expect(await test.store.transaction(id, (tx) => findAccessOfMember(tx, BOB))).toBeUndefined();
  });
});

describe('an organization', () => {
  it('cannot take the slug of another', async () => {
    await organizationOf('taken', {});
    const failure: unknown = await organizationOf('taken', {}).catch((error: unknown) => error);
    expect(isUniqueViolation(failure)).toBe(true);
  });

  it('that is not there is told apart from one that is', async () => {
    const id = await organizationOf('there', {});
    expect(await test.store.transaction(id, (tx) => organizationExists(tx))).toBe(true);
    expect(await test.store.transaction(newId(), (tx) => organizationExists(tx))).toBe(false);
  });

  it('leaves OBSERVE mode once', async () => {
    const id = await organizationOf('watching', {});
    await test.admin.query(`update organization set mode = 'OBSERVE' where id = $1`, [id]);
    expect(await test.store.transaction(id, (tx) => resumeOrganization(tx))).toBe(true);
    expect(await test.store.transaction(id, (tx) => resumeOrganization(tx))).toBe(false);
    expect(await test.store.transaction(id, (tx) => readOrganization(tx))).toMatchObject({ mode: 'ENFORCE' });
  });
});
