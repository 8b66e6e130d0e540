import { withTestStore } from '@meshfleet/store';
import type { TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limitCalls } from './limit-calls.ts';
import type { CallWebhook, WebhookCall } from './run-rollout.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const callOf = (organizationId: string, attempt: number): WebhookCall => ({ organizationId, rolloutId: 'r', policy: 'p', version: 1, wave: 0, waveName: 'w', attempt, url: 'https://gate.example/' });

/** A webhook that answers when it is told to. */
function slowWebhook(): { call: CallWebhook; underWay: () => number; answerAll: () => void } {
  const waiting: (() => void)[] = [];
  return {
    call: ({ wave, attempt }) => new Promise((done) => waiting.push(() => done({ wave, attempt, answer: 'PASS', evidence: '' }))),
    underWay: () => waiting.length,
    answerAll: () => {
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

it('two processes make no more calls of an organization at a time than one may, keep another’s turn, and leave nothing behind', async () => {
  const [mine, other] = [await test.createOrganization(), await test.createOrganization()];
  const slow = slowWebhook();
  const [one, two] = [limitCalls(test.store, slow.call, 2), limitCalls(await test.openAnother(), slow.call, 2)];
  const calls = [one(callOf(mine, 1)), two(callOf(mine, 2))];
  await expect.poll(slow.underWay).toBe(2);
  expect(await one(callOf(mine, 3))).toMatchObject({ answer: 'NOT_CALLED', attempt: 3 });
  expect(await two(callOf(mine, 4))).toMatchObject({ answer: 'NOT_CALLED', attempt: 4 });
  const theirs = two(callOf(other, 1));
  await expect.poll(slow.underWay).toBe(3);
  slow.answerAll();
  expect((await Promise.all([...calls, theirs])).map(({ answer }) => answer)).toEqual(['PASS', 'PASS', 'PASS']);
  expect((await test.admin.query('select from webhook_slot')).rowCount).toBe(0);
});

it('the slot of a process that died is free again after a while', async () => {
  const organizationId = await test.createOrganization();
  const slow = slowWebhook();
  const limited = limitCalls(test.store, slow.call, 1);
  void limited(callOf(organizationId, 1));
  await expect.poll(slow.underWay).toBe(1);
  expect((await limited(callOf(organizationId, 2))).answer).toBe('NOT_CALLED');
  await test.admin.query(`update webhook_slot set until = now() - interval '1 second' where organization_id = $1`, [organizationId]);
  const third = limited(callOf(organizationId, 3));
  await expect.poll(slow.underWay).toBe(2);
  slow.answerAll();
  expect((await third).answer).toBe('PASS');
});
