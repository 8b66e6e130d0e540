import type { Figure } from './statistics.ts';

/** One yardstick: measures, and says what it measured with. */
export interface Bench {
  readonly id: string;
  readonly title: string;
  /** Versions, payloads and counts, in words. */
  readonly setup: string;
  run(context: BenchContext): Promise<readonly Figure[]>;
}

export interface BenchContext {
  readonly root: string;
  say(line: string): void;
}
