import { describe, expect, it } from 'vitest';
import { createWorkQueue } from './work-queue.ts';

describe('a work queue', () => {
  it('never works a key twice at once, never more keys than it may, and once more for what was asked meanwhile', async () => {
    const running = new Map<string, number>();
    let most = 0;
    const runs: string[] = [];
    const gate = Promise.withResolvers<void>();
    const queue = createWorkQueue(3, async (key) => {
      running.set(key, (running.get(key) ?? 0) + 1);
      expect(running.get(key)).toBe(1);
      most = Math.max(most, [...running.values()].filter((count) => count > 0).length);
      await gate.promise;
      running.set(key, 0);
      runs.push(key);
    });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const first = keys.map((key) => queue.add(key));
    void queue.add('a');
    void queue.add('a');
    gate.resolve();
    await Promise.all(first);
    await queue.idle();
    expect(most).toBe(3);
    expect(runs.filter((key) => key === 'a')).toHaveLength(2);
    expect(runs).toHaveLength(6);
  });
});
