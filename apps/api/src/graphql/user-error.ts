import { MeshfleetError, type ErrorCode, type ErrorEnvelope } from '@meshfleet/model';
import type { z } from 'zod';
import { explainIssue } from './explain-issue.ts';
import { shortened } from './shorten-text.ts';

/** What is wrong with an input, as the schema's UserError. */
export interface UserError {
  readonly field: readonly string[] | null;
  readonly message: string;
  readonly code: ErrorCode;
  readonly why: string | null;
  readonly fix: string | null;
  readonly document: number | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly object: string | null;
  /** Code of a finding of the analysis. */
  readonly finding: string | null;
  readonly clusters: readonly string[];
}

/** More names than anybody reads. */
const MOST_CLUSTERS = 100;

export function userErrorOf(error: ErrorEnvelope): UserError {
  return {
    field: error.where?.field?.map(shortened) ?? null,
    message: shortened(sentence(error)),
    code: error.code,
    why: error.why === undefined ? null : shortened(error.why),
    fix: error.fix === undefined ? null : shortened(error.fix),
    document: error.where?.document ?? null,
    line: error.where?.line ?? null,
    column: error.where?.column ?? null,
    object: error.where?.object ?? null,
    finding: error.where?.finding ?? null,
    clusters: (error.where?.clusters ?? []).slice(0, MOST_CLUSTERS),
  };
}

/** What happened, why, and what to do, in one line. */
export function sentence(error: ErrorEnvelope): string {
  const problem = error.why === undefined ? error.summary : `${error.summary}: ${error.why}`;
  return error.fix === undefined ? problem : `${problem.replace(/\.$/, '')}. ${error.fix}`;
}

/** Several problems of one input at once, for those who want to see them all. */
export class InputProblems extends Error {
  readonly problems: readonly ErrorEnvelope[];

  constructor(problems: readonly ErrorEnvelope[]) {
    super(problems[0]?.summary ?? 'The input is not accepted');
    this.name = 'InputProblems';
    this.problems = problems;
  }
}

/** What is wrong with the `input`, or with another argument, as it was given. */
export function problemsOf(error: z.ZodError, given: unknown, argument = 'input'): ErrorEnvelope[] {
  return error.issues.map((issue) => {
    const field = [argument, ...issue.path.map(String)];
    // A schema that read a text with a parser of ours hands on what that parser said.
    const envelope = issue.code === 'custom' ? (issue.params?.['envelope'] as ErrorEnvelope | undefined) : undefined;
    if (envelope !== undefined) return { ...envelope, where: { ...envelope.where, field } };
    return { code: 'INVALID_INPUT', ...explainIssue(issue, given), where: { field } };
  });
}

/** Problems that the sender can do something about; everything else is a fault of ours. */
export function isExpected(error: unknown): error is MeshfleetError {
  return error instanceof MeshfleetError && error.code !== 'INTERNAL' && error.code !== 'STORE_UNAVAILABLE' && error.code !== 'CONFIG_INVALID';
}
