import { MeshfleetError } from '@meshfleet/model';
import { MemoryBudget } from './memory-budget.ts';

const MIB = 1024 * 1024;

/** How much of an inventory: objects, and about so many bytes of JSON. */
export interface InventorySize {
  readonly objects: number;
  readonly bytes: number;
}

/** Larger inventories are not looked at: as objects they would be more than the thread for analyses has room for. */
export const MOST_OF_CLUSTER: InventorySize = { objects: 100_000, bytes: 64 * MIB };
/** Up to so much is read without asking for room. */
const FREELY: InventorySize = { ...MOST_OF_CLUSTER, bytes: MIB };

/** Texts of large inventories that are in this process at a time, whoever asks for them; each is there twice while it is handed over. */
const inventoryBudget = new MemoryBudget(192 * MIB);

export function isTooLarge({ objects, bytes }: InventorySize, { objects: mostObjects, bytes: mostBytes }: InventorySize = MOST_OF_CLUSTER): boolean {
  return objects > mostObjects || bytes > mostBytes;
}

/** The inventory of a cluster, or what one wants of it. */
export interface InventorySource {
  readonly organizationId: string;
  /** As it is now: the JSON of `[key, body]` of each object, null when it is larger than the bounds; undefined where there is nothing. */
  read(bounds: InventorySize): Promise<(InventorySize & { readonly text: string | null }) | undefined>;
  /** What to do about one that is too large: who does without its analysis, and who does not, differs. */
  readonly fixTooLarge: string;
}

/**
 * Does something with an inventory, as text. Large ones are read one after another, as there is room, and let go when it is done.
 * @throws MeshfleetError LIMIT_EXCEEDED when it is too large, or too much of the organization's waits
 */
export async function withInventory<T>(source: InventorySource, use: (inventory: string) => Promise<T>): Promise<T> {
  const found = await source.read(FREELY);
  if (found === undefined) return use('[]');
  if (found.text !== null) return use(found.text);
  if (isTooLarge(found)) throw tooLarge(source);
  return inventoryBudget.within(source.organizationId, found.bytes, async () => {
    const text = (await source.read(MOST_OF_CLUSTER))?.text;
    // It has grown since it was weighed.
    if (text == null) throw tooLarge(source);
    return use(text);
  });
}

function tooLarge({ fixTooLarge }: InventorySource): MeshfleetError {
  return new MeshfleetError({
    code: 'LIMIT_EXCEEDED',
    summary: 'The cluster has too much to be analysed',
    why: `of the kinds that are looked at it has more than ${MOST_OF_CLUSTER.objects.toLocaleString('en')} objects or ${MOST_OF_CLUSTER.bytes / MIB} MiB`,
    fix: fixTooLarge,
  });
}
