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
  /** What the documentation of presets keeps of it. */
  readonly record?: ProofRecord;
  /** What keeps it from running on this machine, where that is other than what keeps meshes from it. */
  readonly limit?: () => string | undefined;
  /** Reports row by row; an error that it throws counts as one that failed. */
  run(report: ProofReport): Promise<void>;
}

/** Of sections that are named after presets. */
export interface ProofRecord {
  /** Name of the file in docs/presets. */
  readonly file: string;
  /** Version of istiod that it runs on. */
  readonly istiod: string;
  /** False where only a part was asked for, which must not stand for the whole. */
  readonly whole: boolean;
}

export interface ProofReport {
  /** Shown at once, for who waits. */
  say(line: string): void;
  section(title: string): void;
  row(row: ProofRow): void;
  /** A report with a section of its own, for what is proved side by side; its rows are counted here. */
  fork(): ProofReport;
}
