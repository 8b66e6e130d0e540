/** One line of a proof: what was done, what must come of it, what came. */
export interface ProofRow {
  readonly sent: string;
  readonly expected: string;
  readonly seen: string;
  readonly passed: boolean;
}

/** A promise of the product that is proved on real clusters, by traffic. */
export interface Proof {
  readonly name: string;
  readonly title: string;
  /** Version of istiod that it runs on, where its sections are presets. */
  readonly istiod?: string;
  /** Reports row by row; an error that it throws counts as one that failed. */
  run(report: ProofReport): Promise<void>;
}

export interface ProofReport {
  /** Shown at once, for who waits. */
  say(line: string): void;
  section(title: string): void;
  row(row: ProofRow): void;
}
