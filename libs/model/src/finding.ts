export const FINDING_SEVERITIES = ['ERROR', 'WARNING', 'INFO'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

/** One result of an analysis: what is wrong, where, and what to do about it. */
export interface Finding {
  /** `IST0101` where istioctl has a code for the same thing; `MF` and four digits for what only we find. */
  readonly code: string;
  /** CamelCase: `ReferencedResourceNotFound`. */
  readonly name: string;
  readonly severity: FindingSeverity;
  /** What is wrong, in one sentence, with the names that are involved. */
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Object that it is about, as `Kind.group/namespace/name`. */
  readonly object: string;
  /** Path within the object: `spec.http[0].route[1].destination.host`. */
  readonly path?: string;
  /** Other objects that take part. */
  readonly related?: readonly string[];
}
