import { MeshfleetError } from '@meshfleet/model';
import { readInventoryTexts, type InventoryBounds, type InventoryWeight, type Tx } from '@meshfleet/store';
import { MemoryBudget } from './memory-budget.ts';

const MIB = 1024 * 1024;

/** Larger inventories are not looked at: as objects they would be more than the thread for analyses has room for. */
export const MOST_OF_CLUSTER: InventoryBounds = { objects: 100_000, bytes: 64 * MIB };
/** Up to so much is read without asking for room. */
const FREELY: InventoryBounds = { ...MOST_OF_CLUSTER, bytes: MIB };

/** Texts of large inventories that are in this process at a time, whoever asks for them; each is there twice while it is handed over. */
const inventoryBudget = new MemoryBudget(192 * MIB);

export function isTooLarge({ objects, bytes }: InventoryWeight, { objects: mostObjects, bytes: mostBytes }: InventoryBounds = MOST_OF_CLUSTER): boolean {
  return objects > mostObjects || bytes > mostBytes;
}

/** Where inventories are read from. */
export interface InventorySource {
  readonly organizationId: string;
  /** Each time something is read; nothing of the transaction is used after that. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/**
 * Does something with what a cluster has of these kinds, or of all (null): the JSON of `[key, body]` of each object. Large ones
 * are read one after another, as there is room, and let go when it is done.
 * @throws MeshfleetError LIMIT_EXCEEDED when it is too large, or too much of the organization's waits
 */
export async function withInventory<T>(source: InventorySource, clusterId: string, kinds: readonly string[] | null, use: (inventory: string) => Promise<T>): Promise<T> {
  const read = async (bounds: InventoryBounds) => (await source.read((tx) => readInventoryTexts(tx, [clusterId], kinds, bounds))).get(clusterId);
  const found = await read(FREELY);
  if (found === undefined) return use('[]');
  if (found.text !== null) return use(found.text);
  if (isTooLarge(found)) throw tooLarge();
  return inventoryBudget.within(source.organizationId, found.bytes, async () => {
    const text = (await read(MOST_OF_CLUSTER))?.text;
    // It has grown since it was weighed.
    if (text == null) throw tooLarge();
    return use(text);
  });
}

function tooLarge(): MeshfleetError {
  return new MeshfleetError({
    code: 'LIMIT_EXCEEDED',
    summary: 'The cluster has too much to be analysed',
    why: `of the kinds that are looked at it has more than ${MOST_OF_CLUSTER.objects.toLocaleString('en')} objects or ${MOST_OF_CLUSTER.bytes / MIB} MiB`,
    fix: 'Ask for one of the smaller clusters; changes are made here without an analysis.',
  });
}
