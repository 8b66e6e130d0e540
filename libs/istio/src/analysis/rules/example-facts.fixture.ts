import type { AnalysisFacts } from '../input/facts.ts';

/** The cluster in which the examples of rules stand. */
export const EXAMPLE_FACTS: Partial<AnalysisFacts> = { now: Date.parse('2026-11-25T12:00:00Z'), meshConfig: {} };
