/** Seeded choices: the same seed makes the same sequence on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(options: readonly T[]): T;
  /** Each option with the given probability, in order. */
  some<T>(options: readonly T[], probability: number): T[];
}

/** mulberry32, by Tommy Ettinger, in the public domain: small, and good enough to choose by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (options) => {
      const option = options[below(options.length)];
      if (option === undefined) throw new Error('nothing to pick from');
      return option;
    },
    some: (options, probability) => options.filter(() => next() < probability),
  };
}
