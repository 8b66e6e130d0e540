import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

async function addMember(organizationId: string, identity: string): Promise<void> {
  await t.admin.query(`insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, 'VIEWER')`, [organizationId, identity]);
}

describe('the Prisma path', () => {
  it('sees the rows of its organization and no others', async () => {
    const [mine, theirs] = [await t.createOrganization(), await t.createOrganization()];
    await addMember(mine, 'me');
    await addMember(theirs, 'them');
    const seen = await t.store.prisma(mine, (prisma) => prisma.member.findMany());
    expect(seen.map((member) => member.identity)).toEqual(['me']);
    await expect(t.store.prisma(mine, (prisma) => prisma.organization.findMany({ where: { id: theirs } }))).resolves.toEqual([]);
  });

  it('keeps nothing of the organization on the connection for whoever gets it next', async () => {
    const [mine, theirs] = [await t.createOrganization(), await t.createOrganization()];
    await addMember(mine, 'a');
    await addMember(theirs, 'b');
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, n) => t.store.prisma(n % 2 === 0 ? mine : theirs, (prisma) => prisma.member.findMany({ select: { identity: true } }))),
    );
    seen.forEach((members, n) => expect(members).toEqual([{ identity: n % 2 === 0 ? 'a' : 'b' }]));
  });

  it('refuses to write into another organization', async () => {
    const [mine, theirs] = [await t.createOrganization(), await t.createOrganization()];
    const write = t.store.prisma(mine, (prisma) =>
      prisma.member.create({ data: { id: crypto.randomUUID(), organizationId: theirs, identity: 'x', role: 'OWNER' } }),
    );
    await expect(write).rejects.toThrow();
    expect((await t.admin.query('select 1 from member where organization_id = $1', [theirs])).rowCount).toBe(0);
  });

  it('keeps nothing of a transaction whose work failed', async () => {
    const mine = await t.createOrganization();
    const work = t.store.prisma(mine, async (prisma) => {
      await prisma.member.create({ data: { id: crypto.randomUUID(), organizationId: mine, identity: 'y', role: 'OWNER' } });
      throw new TypeError('after the write');
    });
    await expect(work).rejects.toThrow('after the write');
    expect((await t.admin.query('select 1 from member where organization_id = $1', [mine])).rowCount).toBe(0);
  });

  it('does not write when it was asked to read', async () => {
    const mine = await t.createOrganization();
    const write = t.store.prisma(mine, (prisma) => prisma.organization.updateMany({ data: { name: 'changed' } }), { readOnly: true });
    await expect(write).rejects.toThrow();
  });
});
