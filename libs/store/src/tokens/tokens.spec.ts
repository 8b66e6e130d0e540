import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../connection/sql.ts';
import { findAccessOfToken } from '../people/memberships.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { uuidv7 } from '../uuidv7.ts';
import { findApiTokenByHash, findApiTokens, insertApiToken, revokeApiToken, touchApiToken } from './api-tokens.ts';
import { countJoinTokens, findJoinTokens, insertJoinToken, listJoinTokens, revokeJoinToken } from './join-tokens.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HASH = createHash('sha256').update('mfa_secret').digest();
const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

let test: TestStore;
let organizationId: string;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  organizationId = await test.createOrganization();
});

const within = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => test.store.transaction(organizationId, work);
const newId = (at = NOW): string => uuidv7(at, randomBytes(10));

async function addApiToken(): Promise<string> {
  const id = newId();
  await within((tx) => {
    insertApiToken(tx, { id, name: 'ci', hash: HASH, role: 'OPERATOR', expiresAt: after(3600), createdBy: 'user:test|ada', createdAt: NOW });
    return Promise.resolve();
  });
  return id;
}

describe('an API token', () => {
  it('gives access until it expires or is revoked, and in its own organization alone', async () => {
    const id = await addApiToken();
    expect(await within((tx) => findAccessOfToken(tx, id, NOW))).toMatchObject({ role: 'OPERATOR', organization: { id: organizationId, epoch: 1 } });
    expect(await within((tx) => findAccessOfToken(tx, id, after(3600)))).toBeUndefined();
    const stranger = await test.createOrganization();
    expect(await test.store.transaction(stranger, (tx) => findAccessOfToken(tx, id, NOW))).toBeUndefined();
    expect(await test.store.transaction(stranger, (tx) => findApiTokenByHash(tx, HASH))).toBeUndefined();
    expect(await within((tx) => revokeApiToken(tx, id, NOW))).toBe(true);
    expect(await within((tx) => findAccessOfToken(tx, id, NOW))).toBeUndefined();
  });

  it('that is revoked twice keeps the first time; revoking what is not there says so', async () => {
    const id = await addApiToken();
    await within((tx) => revokeApiToken(tx, id, after(1)));
    expect(await within((tx) => revokeApiToken(tx, id, after(2)))).toBe(true);
    expect((await within((tx) => findApiTokens(tx, [id])))[0]?.revokedAt).toEqual(after(1));
    expect(await within((tx) => revokeApiToken(tx, newId(), after(2)))).toBe(false);
  });

  it('notes its use once a minute at most', async () => {
    const id = await addApiToken();
    const lastUsed = async (at: Date): Promise<Date | null | undefined> => {
      await within((tx) => touchApiToken(tx, id, at));
      return (await within((tx) => findApiTokenByHash(tx, HASH)))?.lastUsedAt;
    };
    expect(await lastUsed(after(0))).toEqual(after(0));
    expect(await lastUsed(after(59))).toEqual(after(0));
    expect(await lastUsed(after(61))).toEqual(after(61));
  });
});

describe('join tokens', () => {
  it('are listed newest first, without another organization’s', async () => {
    const ids = [newId(after(0)), newId(after(1)), newId(after(2))];
    await within((tx) => {
      for (const [index, id] of ids.entries()) {
        insertJoinToken(tx, { id, name: `t${index}`, hash: randomBytes(32), labels: { env: 'prod' }, maxUses: 1, requireApproval: false, expiresAt: after(60), createdBy: 'user:test|ada', createdAt: after(index) });
      }
      return Promise.resolve();
    });
    const page = await within((tx) => listJoinTokens(tx, { limit: 2, backwards: false }));
    expect(page.rows.map(({ name }) => name)).toEqual(['t2', 't1']);
    expect(page.hasNext).toBe(true);
    const stranger = await test.createOrganization();
    expect(await test.store.transaction(stranger, (tx) => countJoinTokens(tx))).toBe(0);
    expect(await test.store.transaction(stranger, (tx) => revokeJoinToken(tx, ids[0] ?? '', NOW))).toBe(false);
    expect(await within((tx) => findJoinTokens(tx, ids.slice(0, 1)))).toMatchObject([{ name: 't0', uses: 0, labels: { env: 'prod' }, revokedAt: null }]);
  });
});
