import type { ErrorCode, ErrorEnvelope, ErrorWhere } from '@meshfleet/model';

/** What is wrong with a manifest, or worth knowing about it: always with the document and the line where it stands. */
export interface ManifestProblem extends ErrorEnvelope {
  readonly why: string;
  readonly fix: string;
  readonly where: ErrorWhere & { readonly document: number; readonly line: number; readonly column: number };
}

export interface Position {
  readonly document: number;
  readonly line: number;
  readonly column: number;
}

/** A problem at a place of the text. `object`: its key, when it is known already. */
export function problem(code: ErrorCode, at: Position, summary: string, why: string, fix: string, object?: string): ManifestProblem {
  const { document, line, column } = at;
  return { code, summary, why, fix, where: { document, line, column, ...(object === undefined ? {} : { object }) } };
}
