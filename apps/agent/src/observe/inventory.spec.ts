import type { InventoryDelta } from '@meshfleet/protocol';
import { describe, expect, it } from 'vitest';
import { createInventory } from './inventory.ts';

const NOW = 1_800_000_000_000;

/** The hub's side: what it holds after the deltas that it took, in order. */
function hubOf(deltas: readonly InventoryDelta[]): Map<string, unknown> {
  const held = new Map<string, unknown>();
  let seq = 0;
  for (const delta of deltas) {
    expect(delta.base === 0 || delta.base === seq).toBe(true);
    if (delta.base === 0) held.clear();
    for (const { key, body } of delta.upsert) held.set(key, body);
    for (const key of delta.remove) held.delete(key);
    seq = delta.seq;
  }
  return held;
}

function takeAll(inventory: ReturnType<typeof createInventory>, limit: number): InventoryDelta[] {
  const deltas: InventoryDelta[] = [];
  for (let delta = inventory.take(limit); delta !== undefined; delta = inventory.take(limit)) {
    inventory.taken(delta);
    deltas.push(delta);
  }
  return deltas;
}

describe('the inventory', () => {
  it('says nothing of a cluster that is half read', () => {
    const inventory = createInventory({ now: () => NOW, onNews: () => undefined, isBehind: () => false });
    inventory.set('Namespace/shop', { phase: 'Active' });
    expect(inventory.take(100)).toBeUndefined();
    inventory.ready();
    expect(inventory.take(100)?.upsert).toEqual([{ key: 'Namespace/shop', body: { phase: 'Active' } }]);
  });

  it('says when it has told everything that came of a revision, also when that is nothing', () => {
    const inventory = createInventory({ now: () => NOW, onNews: () => undefined, isBehind: () => false });
    inventory.ready();
    takeAll(inventory, 100);
    expect(inventory.dirty).toBe(false);
    inventory.owe(7);
    expect(inventory.dirty).toBe(true);
    const lost = inventory.take(100);
    expect(lost).toMatchObject({ upsert: [], remove: [], asOf: 7 });
    if (lost !== undefined) inventory.giveBack(lost);
    for (const name of ['a', 'b', 'c']) inventory.set(`Service/shop/${name}`, {});
    // Not before the last part.
    expect(takeAll(inventory, 2).map(({ asOf }) => asOf)).toEqual([undefined, 7]);
    expect(inventory.dirty).toBe(false);
  });

  it('shows no revision before watches have shown what was applied for it, and then says so unasked', async () => {
    let isBehind = true;
    let news = 0;
    const inventory = createInventory({ now: () => NOW, onNews: () => (news += 1), isBehind: () => isBehind });
    inventory.ready();
    takeAll(inventory, 100);
    inventory.owe(7);
    expect([inventory.dirty, inventory.take(100)]).toEqual([false, undefined]);
    inventory.set('Service/shop/other', {});
    expect(inventory.take(100)).not.toHaveProperty('asOf');
    const before = news;
    isBehind = false;
    await expect.poll(() => news).toBeGreaterThan(before);
    expect(inventory.take(100)).toMatchObject({ asOf: 7 });
  });

  it('splits a large cluster by count and by bytes, and the parts add up to the whole', () => {
    const inventory = createInventory({ now: () => NOW, onNews: () => undefined, isBehind: () => false });
    const large = 'x'.repeat(15_000);
    for (let index = 0; index < 400; index += 1) inventory.set(`Service/shop/s${index}`, { spec: `${large}${index}` });
    inventory.ready();
    const deltas = takeAll(inventory, 150);
    expect(deltas.length).toBeGreaterThan(5);
    expect(deltas.map(({ base }) => base === 0)).toEqual(deltas.map((_, index) => index === 0));
    for (const delta of deltas) {
      expect(delta.upsert.length).toBeLessThanOrEqual(150);
      expect(JSON.stringify(delta).length).toBeLessThan(1.1 * (1 << 20));
    }
    expect(hubOf(deltas).size).toBe(400);
    expect(inventory.dirty).toBe(false);
  });

  it('says again what could not be said, with what has changed since', () => {
    const inventory = createInventory({ now: () => NOW, onNews: () => undefined, isBehind: () => false });
    inventory.set('Service/shop/a', { port: 1 });
    inventory.set('Service/shop/b', { port: 1 });
    inventory.ready();
    const first = takeAll(inventory, 100);
    inventory.set('Service/shop/a', { port: 2 });
    const lost = inventory.take(100);
    expect(lost?.upsert).toHaveLength(1);
    if (lost !== undefined) inventory.giveBack(lost);
    inventory.set('Service/shop/a', { port: 3 });
    inventory.remove('Service/shop/b');
    expect([...hubOf([...first, ...takeAll(inventory, 100)])]).toEqual([['Service/shop/a', { port: 3 }]]);
  });

  it('says everything anew when the hub has lost it', () => {
    const inventory = createInventory({ now: () => NOW, onNews: () => undefined, isBehind: () => false });
    inventory.set('Service/shop/a', { port: 1 });
    inventory.ready();
    takeAll(inventory, 100);
    inventory.resync();
    const again = takeAll(inventory, 100);
    expect(again).toHaveLength(1);
    expect(again[0]).toMatchObject({ base: 0, upsert: [{ key: 'Service/shop/a' }], remove: [] });
  });
});
