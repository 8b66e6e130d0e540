import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { MemoryBudget } from './memory-budget.ts';

it('gives out no more than there is, organizations in turn, and what failed gives back what it had', async () => {
  const budget = new MemoryBudget(100);
  let [held, most] = [0, 0];
  const done: string[] = [];
  const ask = (who: string, bytes: number, fails = false): Promise<void> =>
    budget.within(who, bytes, async () => {
      held += bytes;
      most = Math.max(most, held);
      await setImmediate();
      held -= bytes;
      done.push(who);
      if (fails) throw new RangeError(who);
    });
  const asked = [ask('much', 60, true), ask('much', 60), ask('much', 60), ask('little', 30), ask('much', 60)];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(most).toBeLessThanOrEqual(100);
  // Before the last of those that had come before it.
  expect(done.indexOf('little')).toBeLessThan(4);
});

it('turns away whose own wait too many, and nobody else', async () => {
  const budget = new MemoryBudget(10, { each: 2, all: 10 });
  const gate = Promise.withResolvers<void>();
  const first = budget.within('much', 10, () => gate.promise);
  const waiting = [budget.within('much', 10, () => Promise.resolve()), budget.within('much', 10, () => Promise.resolve()), budget.within('much', 10, () => Promise.resolve())];
  await expect(budget.within('much', 10, () => Promise.resolve())).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  const other = budget.within('other', 10, () => Promise.resolve('served'));
  gate.resolve();
  expect(await other).toBe('served');
  await Promise.all([first, ...waiting]);
});
