/** Percentile by the nearest rank; NaN for no values. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Median of the runs. */
  readonly value: number;
  readonly range: readonly [number, number];
  readonly runs: number;
  /** What the yardsticks ask for; `atMost` unless `atLeast` is set. */
  readonly reach?: number;
  readonly atLeast?: boolean;
}

export function figure(name: string, unit: string, values: readonly number[], reach?: number, atLeast = false): Figure {
  return {
    name,
    unit,
    value: median(values),
    range: [Math.min(...values), Math.max(...values)],
    runs: values.length,
    ...(reach === undefined ? {} : { reach }),
    ...(atLeast ? { atLeast } : {}),
  };
}

export function isReached(it: Figure): boolean | undefined {
  if (it.reach === undefined) return undefined;
  return it.atLeast === true ? it.value >= it.reach : it.value <= it.reach;
}
