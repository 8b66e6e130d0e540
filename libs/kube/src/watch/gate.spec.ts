import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

it('lets so many in at once, all of them in the order in which they came', async () => {
  const gate = createGate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      gate(async () => {
        order.push(index);
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        inside -= 1;
      }),
    ),
  );
  expect({ most, order }).toEqual({ most: 2, order: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
});

it('gives the place of one that fails to the next', async () => {
  const gate = createGate(1);
  const failing = gate(() => Promise.reject(new Error('refused')));
  let ran = false;
  const next = gate(() => {
    ran = true;
    return Promise.resolve();
  });
  await expect(failing).rejects.toThrow('refused');
  await next;
  expect(ran).toBe(true);
});
