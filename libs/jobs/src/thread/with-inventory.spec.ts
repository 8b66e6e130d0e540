import { expect, it } from 'vitest';
import { MOST_OF_CLUSTER, withInventory } from './with-inventory.ts';

it('an inventory that is too large, or has become so, is not handed on: whoever wanted it says what to do without', async () => {
  const reads: number[] = [];
  const source = (objects: number, bytes: number) => ({
    organizationId: 'acme',
    fixTooLarge: 'Do without.',
    read: (bounds: { readonly bytes: number }) => {
      reads.push(bounds.bytes);
      return Promise.resolve({ objects, bytes, text: bytes <= bounds.bytes ? '[]' : null });
    },
  });
  const used = (inventory: string): Promise<string> => Promise.resolve(inventory);
  await expect(withInventory(source(1, MOST_OF_CLUSTER.bytes + 1), used)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', fix: 'Do without.' });
  expect(reads.splice(0)).toEqual([1024 * 1024]);
  const grown = { ...source(1, MOST_OF_CLUSTER.bytes), read: () => Promise.resolve({ objects: 1, bytes: MOST_OF_CLUSTER.bytes, text: null }) };
  await expect(withInventory(grown, used)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', fix: 'Do without.' });
  expect(await withInventory(source(1, MOST_OF_CLUSTER.bytes), used)).toBe('[]');
  expect(reads).toEqual([1024 * 1024, MOST_OF_CLUSTER.bytes]);
  expect(await withInventory({ ...source(0, 0), read: () => Promise.resolve(undefined) }, used)).toBe('[]');
});
