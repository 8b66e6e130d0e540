import { randomUUID } from 'node:crypto';
import type { TestStore } from './with-test-store.ts';

/**
 * Payloads that the store sends on a channel because of `work`. Marks sent through the same store before and after say what
 * came when: it sends notices one after another, so that no spec waits for a time.
 */
export async function collectNotices(test: TestStore, organizationId: string, channel: string, work: () => Promise<unknown>): Promise<string[]> {
  const payloads: string[] = [];
  const awaited = new Map<string, () => void>();
  const stop = await test.store.listen(channel, (payload) => {
    const seen = awaited.get(payload);
    if (seen === undefined) payloads.push(payload);
    else seen();
  });

  async function passMark(): Promise<void> {
    const mark = randomUUID();
    const seen = new Promise<void>((resolve) => awaited.set(mark, resolve));
    await test.store.transaction(organizationId, async (tx) => {
      await tx.query('select 1');
      tx.notify(channel, mark);
    });
    await seen;
  }

  try {
    await passMark();
    payloads.length = 0;
    await work();
    await passMark();
    return payloads;
  } finally {
    await stop();
  }
}
