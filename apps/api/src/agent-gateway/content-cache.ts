import type { KubeObject } from '@meshfleet/model';
import type { DesiredState } from '@meshfleet/protocol';
import { loadContents, loadStates } from '@meshfleet/store';
import { BoundedCache } from './bounded-cache.ts';
import { CoalescingLoader } from './coalescing-loader.ts';
import type { GatewayContext } from './gateway-context.ts';

const STATE_BYTES = 32 * 1024 * 1024;
const CONTENT_BYTES = 64 * 1024 * 1024;
// What an entry of a state costs in memory, about.
const ENTRY_BYTES = 300;

/**
 * States by digest and objects by content hash. Both never change, so that what was read once is right for ever; many
 * agents that ask for the same at one time cost one statement.
 */
export class ContentCache {
  readonly #states = new BoundedCache<DesiredState>(STATE_BYTES);
  readonly #contents = new BoundedCache<KubeObject>(CONTENT_BYTES);
  readonly #stateLoader: CoalescingLoader<DesiredState>;
  readonly #contentLoader: CoalescingLoader<KubeObject>;

  constructor({ store }: Pick<GatewayContext, 'store'>) {
    this.#stateLoader = new CoalescingLoader((organizationId, digests) => store.transaction(organizationId, (tx) => loadStates(tx, digests), { readOnly: true }));
    this.#contentLoader = new CoalescingLoader((organizationId, hashes) => store.transaction(organizationId, (tx) => loadContents(tx, hashes), { readOnly: true }));
  }

  /** Undefined when retention has removed it, or it never was this organization's. */
  async state(organizationId: string, digest: string): Promise<DesiredState | undefined> {
    const id = `${organizationId} ${digest}`;
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    const state = await this.#stateLoader.load(organizationId, digest);
    if (state !== undefined) this.#states.set(id, state, ENTRY_BYTES * (1 + state.entries.length + state.tombstones.length));
    return state;
  }

  async contents(organizationId: string, hashes: readonly string[]): Promise<ReadonlyMap<string, KubeObject>> {
    const found = await Promise.all(hashes.map(async (hash) => [hash, await this.#content(organizationId, hash)] as const));
    return new Map(found.flatMap(([hash, object]) => (object === undefined ? [] : [[hash, object] as const])));
  }

  async #content(organizationId: string, hash: string): Promise<KubeObject | undefined> {
    const id = `${organizationId} ${hash}`;
    const known = this.#contents.get(id);
    if (known !== undefined) return known;
    const object = await this.#contentLoader.load(organizationId, hash);
    if (object !== undefined) this.#contents.set(id, object, 2 * JSON.stringify(object).length);
    return object;
  }
}
