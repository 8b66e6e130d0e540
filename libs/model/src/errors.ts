/** Codes of warnings alone: what they are about was done all the same, and something of it may not be what was meant. */
export const WARNING_CODES = [
  'MANIFEST_DEPRECATED',
  'MANIFEST_STRIPPED',
  'REFERENCE_UNKNOWN',
  'VARIABLE_UNUSED',
  'KIND_NOT_SERVED',
  'NAMESPACE_MISSING',
  'OBJECT_EXPIRED',
  'OBJECT_EXISTS',
  'OBJECT_HELD',
  'OBJECT_MISSING',
  'TAKE_OVER_DROPPED',
  'TAKE_OVER_UNUSED',
  'CLUSTER_UNKNOWN',
  'PLACEMENT_EMPTY',
  'WAVE_EMPTY',
  'FREEZE_EMPTY',
  'WEBHOOK_PRIVATE',
  'PARTLY_CHECKED',
  'PARTLY_ANALYSED',
] as const;

/** Every code an error of Meshfleet can carry. Users meet them in `userErrors`, HTTP bodies and CLI output. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'NOT_FOUND',
  'INVALID_INPUT',
  'CONFLICT',
  'ALREADY_EXISTS',
  'PRECONDITION_FAILED',
  'IDEMPOTENCY_KEY_REUSED',
  'LIMIT_EXCEEDED',
  'MANIFEST_NOT_YAML',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN_KIND',
  'MANIFEST_KIND_NOT_MANAGED',
  'MANIFEST_DUPLICATE',
  'MANIFEST_TOO_LARGE',
  'MANIFEST_TEMPLATED',
  // A reference, variable or patch comes to nothing that a cluster could take.
  'RENDER_FAILED',
  'PLACEMENT_INVALID',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_USED',
  'CLUSTER_OFFLINE',
  'CLUSTER_QUARANTINED',
  'CLUSTER_EVICTED',
  'APPROVAL_PENDING',
  'AGENT_OUTDATED',
  'TASK_FAILED',
  'TASK_EXPIRED',
  'SIGNATURE_INVALID',
  'REQUEST_EXPIRED',
  'REQUEST_REPLAYED',
  'PROTOCOL_UNSUPPORTED',
  'STATE_STALE',
  'STATE_CORRUPT',
  'DELETION_GUARD',
  // The analysis finds an error that was not there before.
  'FINDING_INTRODUCED',
  // The analysis itself broke: a fault of ours, and nothing is known of what it would have found.
  'ANALYSIS_FAILED',
  'ROLLOUT_ACTIVE',
  'ROLLOUT_ENDED',
  'FROZEN',
  'STORE_UNAVAILABLE',
  'CONFIG_INVALID',
  'KUBERNETES_UNREACHABLE',
  'KUBERNETES_REFUSED',
  'INTERNAL',
  ...WARNING_CODES,
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where an error lies: a field of an input, a document and line of a manifest, an object of a cluster. */
export interface ErrorWhere {
  /** Path of the input field, as GraphQL clients name it: ["input", "manifests"]. */
  readonly field?: readonly string[];
  /** One-based document of a multi-document manifest. */
  readonly document?: number;
  /** One-based line within the text as the user sent it. */
  readonly line?: number;
  readonly column?: number;
  /** Object that the error is about, as `kind.group/namespace/name`. */
  readonly object?: string;
  /** Code of the finding that it is: `IST0101`. */
  readonly finding?: string;
  /** Names of the clusters that it is about; absent: of no cluster in particular. */
  readonly clusters?: readonly string[];
}

/** What every error of ours says: what happened, why, and what to do about it. */
export interface ErrorEnvelope {
  readonly code: ErrorCode;
  readonly summary: string;
  readonly why?: string;
  readonly fix?: string;
  readonly where?: ErrorWhere;
}

/** The only error class thrown on purpose. Each edge (GraphQL, HTTP, CLI) has one mapper for it. */
export class MeshfleetError extends Error implements ErrorEnvelope {
  readonly code: ErrorCode;
  readonly summary: string;
  readonly why?: string;
  readonly fix?: string;
  readonly where?: ErrorWhere;

  constructor(envelope: ErrorEnvelope, options?: { cause?: unknown }) {
    super(envelope.summary, options);
    this.name = 'MeshfleetError';
    this.code = envelope.code;
    this.summary = envelope.summary;
    if (envelope.why !== undefined) this.why = envelope.why;
    if (envelope.fix !== undefined) this.fix = envelope.fix;
    if (envelope.where !== undefined) this.where = envelope.where;
  }

  toEnvelope(): ErrorEnvelope {
    return {
      code: this.code,
      summary: this.summary,
      ...(this.why === undefined ? {} : { why: this.why }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
      ...(this.where === undefined ? {} : { where: this.where }),
    };
  }
}

/** For switches over string unions: a value that the type says cannot be. */
export function assertNever(value: never): never {
  throw new MeshfleetError({ code: 'INTERNAL', summary: `Unexpected value ${JSON.stringify(value)}` });
}
