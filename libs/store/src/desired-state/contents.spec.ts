import { contentHash, type KubeObject } from '@meshfleet/model';
import { digestOf } from '@meshfleet/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../connection/sql.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { loadContents, loadStates, storeContents } from './contents.ts';
import type { ObjectContent } from './contents.ts';

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

function content(name: string): ObjectContent {
  const body: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } };
  return { hash: contentHash(body), body };
}

const store = (contents: readonly ObjectContent[]): Promise<unknown> =>
  within((tx) => {
    storeContents(tx, contents);
    return Promise.resolve();
  });

describe('contents of objects', () => {
  it('are stored once by their hash, and come back as they were', async () => {
    const [a, b] = [content('a'), content('b')];
    await store([a, b, a]);
    await store([b]);
    const { rows } = await test.admin.query<{ size: number }>('select size from object_content where organization_id = $1', [organizationId]);
    expect(rows).toHaveLength(2);
    const found = await within((tx) => loadContents(tx, [b.hash, 'unknown', a.hash]));
    expect([...found].sort()).toEqual([[a.hash, a.body], [b.hash, b.body]].sort());
    expect([...found.values()].every((body) => found.has(contentHash(body)))).toBe(true);
  });

  it('that many transactions share are stored by all of them at once, in whatever order they come', async () => {
    const all = Array.from({ length: 30 }, (_, index) => content(`o${index}`));
    await Promise.all(Array.from({ length: 6 }, (_, turn) => store(turn % 2 === 0 ? all : [...all].reverse())));
    expect((await within((tx) => loadContents(tx, all.map(({ hash }) => hash)))).size).toBe(30);
  });

  it('are nobody else’s, though the hash is the same', async () => {
    const a = content('a');
    await store([a]);
    const stranger = await test.createOrganization();
    expect((await test.store.transaction(stranger, (tx) => loadContents(tx, [a.hash]))).size).toBe(0);
  });
});

describe('desired states', () => {
  it('come by digest, without those that are not stored', async () => {
    const state = { entries: [], tombstones: [{ key: 'ConfigMap/shop/a', policyId: organizationId }] };
    const digest = digestOf(state);
    await within((tx) => tx.query('insert into desired_state_body (organization_id, digest, body) values ($1, $2, $3)', [organizationId, digest, JSON.stringify(state)]));
    const found = await within((tx) => loadStates(tx, ['forgotten', digest]));
    expect([...found]).toEqual([[digest, state]]);
  });
});
