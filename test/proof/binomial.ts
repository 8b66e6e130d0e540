/**
 * How often a row may fail by chance alone, to either side. Some thirty rows of a run are shares: together less than one run in
 * ten thousand fails so.
 */
const FALSE_ALARM = 1e-6;

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** How many of `trials` may have it when each has it with probability `share`: by the distribution itself, which is skewed for small shares. */
export function binomialBounds(trials: number, share: number): Bounds {
  if (share === 0 || share === 1) return { low: trials * share, high: trials * share };
  return { low: lowest(trials, share), high: trials - lowest(trials, 1 - share) };
}

/** The greatest count that less than half of {@link FALSE_ALARM} of all runs fall short of. */
function lowest(trials: number, share: number): number {
  let logarithm = trials * Math.log1p(-share);
  let below = 0;
  for (let count = 0; count < trials; count += 1) {
    below += Math.exp(logarithm);
    if (below > FALSE_ALARM / 2) return count;
    logarithm += Math.log((trials - count) / (count + 1)) + Math.log(share) - Math.log1p(-share);
  }
  return trials;
}

export function within({ low, high }: Bounds, count: number): boolean {
  return count >= low && count <= high;
}
