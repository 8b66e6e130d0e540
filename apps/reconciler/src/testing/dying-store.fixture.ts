import { MeshfleetError } from '@meshfleet/model';
import type { Store, Tx } from '@meshfleet/store';

/** A generator of its own, so that a failing seed can be run again. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const killed = (): MeshfleetError => new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'the process was killed here' });

/** The same store, whose process dies before or after statements and right after commits. */
export function dying(store: Store, roll: () => number, chance: number): Store {
  return {
    ...store,
    async transaction(organizationId, work, options) {
      const result = await store.transaction(
        organizationId,
        (tx) => {
          const mortal: Tx = {
            organizationId: tx.organizationId,
            query: async (text, values) => {
              if (roll() < chance) throw killed();
              return tx.query(text, values);
            },
            send: (text, values) => {
              if (roll() < chance) throw killed();
              tx.send(text, values);
            },
            notify: (channel, payload) => tx.notify(channel, payload),
          };
          return work(mortal);
        },
        options,
      );
      if (roll() < chance) throw killed();
      return result;
    },
  };
}
