import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeshfleetError } from '@meshfleet/model';
import { withIdempotency } from './idempotency.ts';
import { withTestStore } from './testing/with-test-store.ts';
import type { TestStore } from './testing/with-test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

interface Counted {
  runs: number;
}

function apply(org: string, counted: Counted, key: string, request: unknown, mutation = 'policyApply'): Promise<{ id: number }> {
  return t.store.transaction(org, (tx) =>
    withIdempotency(tx, { key, mutation, request }, async () => {
      counted.runs += 1;
      await tx.query('select pg_sleep(0.005)');
      return { id: counted.runs };
    }),
  );
}

describe('an idempotency key', () => {
  it('runs the work once and gives everybody the first answer, twenty at once included', async () => {
    const org = await t.createOrganization();
    const counted = { runs: 0 };
    const answers = await Promise.all(Array.from({ length: 20 }, () => apply(org, counted, 'k', { name: 'a', n: 1 })));
    expect(counted.runs).toBe(1);
    expect(answers).toEqual(Array.from({ length: 20 }, () => ({ id: 1 })));
  });

  it('knows the same request whatever the order of its fields', async () => {
    const org = await t.createOrganization();
    const counted = { runs: 0 };
    await apply(org, counted, 'k', { a: 1, b: { c: 2, d: 3 } });
    expect(await apply(org, counted, 'k', { b: { d: 3, c: 2 }, a: 1 })).toEqual({ id: 1 });
  });

  it('is refused for another input and for another mutation', async () => {
    const org = await t.createOrganization();
    const counted = { runs: 0 };
    await apply(org, counted, 'k', { a: 1 });
    await expect(apply(org, counted, 'k', { a: 2 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', why: 'it came first with policyApply and another input' });
    await expect(apply(org, counted, 'k', { a: 1 }, 'policyDelete')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', why: 'it came first with policyApply' });
    expect(counted.runs).toBe(1);
  });

  it('stays free when the work failed', async () => {
    const org = await t.createOrganization();
    const failing = t.store.transaction(org, (tx) =>
      withIdempotency(tx, { key: 'k', mutation: 'm', request: {} }, () => Promise.reject(new MeshfleetError({ code: 'CONFLICT', summary: 'no' }))),
    );
    await expect(failing).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await apply(org, { runs: 0 }, 'k', { other: true })).toEqual({ id: 1 });
  });

  it('means nothing to another organization', async () => {
    const counted = { runs: 0 };
    await apply(await t.createOrganization(), counted, 'k', {});
    await apply(await t.createOrganization(), counted, 'k', { other: true });
    expect(counted.runs).toBe(2);
  });
});
