import { createCatalogue } from '@meshfleet/manifest';
import { contentHash } from '@meshfleet/model';
import type { ServedKind } from '@meshfleet/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../connection/sql.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { findServedKinds } from './served-kinds.ts';

let test: TestStore;
let organizationId: string;
beforeAll(async () => {
  test = await withTestStore();
  organizationId = await test.createOrganization();
});
afterAll(() => test.close());

const MIB = 1024 * 1024;
const NAME = 'Thing.example.com';
const thing = (mark: string): ServedKind => ({ group: 'example.com', kind: 'Thing', plural: 'things', scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema: { type: 'object', properties: { [mark]: { type: 'string', pattern: '^a$' } } } }] });

async function store(kind: ServedKind, size: number): Promise<string> {
  const digest = contentHash(kind);
  await test.admin.query('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, $4)', [organizationId, digest, JSON.stringify(kind), size]);
  return digest;
}

/** What clusters that serve these digests know otherwise than we do, and how many schemas were asked of the database for it. */
async function find(digests: readonly string[], rules: 'ALL' | 'STRUCTURE' = 'STRUCTURE') {
  let read = 0;
  const found = await test.store.transaction(organizationId, (tx) => {
    const counted: Sql = {
      query: (text, values) => {
        read += (values?.[0] as readonly string[]).length;
        return tx.query(text, values);
      },
    };
    return findServedKinds(counted, createCatalogue([]), digests.map((digest) => ({ [NAME]: digest })), [NAME], rules);
  });
  return { read, known: found.map((kinds) => kinds.length) };
}

describe('the kinds that clusters serve', () => {
  it('are read once for all clusters that serve the same, and remembered by what is taken of them', async () => {
    const digest = await store(thing('once'), 1_000);
    expect(await find([digest, digest, digest])).toEqual({ read: 1, known: [1, 1, 1] });
    expect(await find([digest])).toEqual({ read: 0, known: [1] });
    // With its rules it is another one.
    expect(await find([digest], 'ALL')).toEqual({ read: 1, known: [1] });
  });

  it('that nobody has sent yet are asked for each time, and not known', async () => {
    expect(await find(['nobody'])).toEqual({ read: 1, known: [0] });
    expect(await find(['nobody'])).toEqual({ read: 1, known: [0] });
  });

  it('are forgotten, the oldest first, when together they are larger than what is remembered', async () => {
    const [first, second, third] = await Promise.all(['first', 'second', 'third'].map((mark) => store(thing(mark), 14 * MIB)));
    for (const digest of [first, second, third]) expect(await find([digest ?? ''])).toEqual({ read: 1, known: [1] });
    expect(await find([third ?? ''])).toEqual({ read: 0, known: [1] });
    expect(await find([second ?? ''])).toEqual({ read: 0, known: [1] });
    expect(await find([first ?? ''])).toEqual({ read: 1, known: [1] });
  });

  it('are left out beyond what is read at once', async () => {
    const digests = await Promise.all(['a', 'b', 'c'].map((mark) => store(thing(`large-${mark}`), 15 * MIB)));
    const { read, known } = await find(digests);
    expect(read).toBe(3);
    expect([...known].sort()).toEqual([0, 1, 1]);
  });
});
