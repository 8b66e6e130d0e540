/** Standard deviations that a true share stays within but for seven runs in a million. */
const WIDTH = 4.5;

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** How many of `trials` may have it when each has it with probability `share`. */
export function binomialBounds(trials: number, share: number): Bounds {
  const mean = trials * share;
  const spread = WIDTH * Math.sqrt(trials * share * (1 - share));
  return { low: Math.ceil(mean - spread), high: Math.floor(mean + spread) };
}

export function within({ low, high }: Bounds, count: number): boolean {
  return count >= low && count <= high;
}
