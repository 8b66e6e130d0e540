/** What a repository may ask of Postgres. Values travel apart from the text; pass JSON columns as `JSON.stringify(value)`. */
export interface Sql {
  /**
   * Runs one statement and waits for its rows. `bigint` columns and counts come as numbers, `timestamptz` as Date,
   * `bytea` as Buffer, `jsonb` parsed. Constraint violations reject with the driver's error (see {@link isUniqueViolation}).
   */
  query<R extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: R[]; rowCount: number }>;
}

/** One transaction under one organization. It must not be used after its work has returned. */
export interface Tx extends Sql {
  readonly organizationId: string;
  /**
   * Sends a statement without waiting for its answer, so that it travels together with what follows (at best with
   * COMMIT). If it fails, the transaction fails. For writes whose outcome nobody reads.
   */
  send(text: string, values?: readonly unknown[]): void;
  /**
   * Tells listeners once the transaction has committed; equal messages of concurrent transactions are sent once.
   * It may be lost when the process dies right after COMMIT: whoever listens also polls.
   */
  notify(channel: string, payload: string): void;
}

/** True when an error is a unique violation, of the named constraint or index if one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return hasSqlState(error, '23505') && (constraint === undefined || (error as { constraint?: unknown }).constraint === constraint);
}

/** True when an error is a violated foreign key: the row that it points to is not there, or not visible. */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasSqlState(error, '23503');
}

export function hasSqlState(error: unknown, state: string): boolean {
  return sqlStateOf(error) === state;
}

/** The five-character SQLSTATE of a Postgres error; undefined for every other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}
