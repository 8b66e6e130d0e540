import type { Duplex } from 'node:stream';
import pg from 'pg';
import { MeshfleetError } from '@meshfleet/model';
import type { RolePool } from './pool.ts';
import { sqlStateOf } from './sql.ts';
import type { Tx } from './sql.ts';
import { statement } from './statement.ts';
import { toStoreError } from './store-error.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface Scope {
  readonly organizationId?: string;
  readonly identity?: string;
  readonly readOnly?: boolean;
}

export interface Notice {
  readonly channel: string;
  readonly payload: string;
}

/**
 * Runs `work` in a transaction under a scope. BEGIN, the scope and the first statement leave in one packet; what was
 * sent with `send` travels with COMMIT. Serialization failures and deadlocks (nothing stored) are tried again.
 */
export async function runTransaction<T>(
  pool: RolePool,
  scope: Scope,
  retries: number,
  work: (tx: Tx) => Promise<T>,
): Promise<{ result: T; notices: readonly Notice[] }> {
  const opening = openingOf(scope);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptTransaction(pool, opening, scope, work);
    } catch (error) {
      if (attempt >= retries || !isTransient(error)) throw toStoreError(error, pool.label);
      await pause(attempt);
    }
  }
}

async function attemptTransaction<T>(
  pool: RolePool,
  opening: string,
  { organizationId = '', readOnly = false }: Scope,
  work: (tx: Tx) => Promise<T>,
): Promise<{ result: T; notices: readonly Notice[] }> {
  const client = await pool.connect();
  const session = new Session(client, organizationId);
  try {
    session.open(opening);
    const result = await work(session);
    if (!readOnly || !session.endReading()) await session.commit();
    client.release();
    return { result, notices: session.notices };
  } catch (error) {
    client.release(await session.rollback());
    throw error;
  }
}

/** A transaction on one pooled connection; refuses to be used once it has ended, when the connection is somebody else's. */
class Session implements Tx {
  readonly organizationId: string;
  readonly notices: Notice[] = [];
  readonly #client: pg.PoolClient;
  #ended = false;
  #pending = 0;
  #failure: unknown;

  constructor(client: pg.PoolClient, organizationId: string) {
    this.#client = client;
    this.organizationId = organizationId;
  }

  open(opening: string): void {
    gatherWrites(this.#client);
    this.#keepFailure(this.#client.query(opening));
  }

  async query<R extends object>(text: string, values?: readonly unknown[]): Promise<{ rows: R[]; rowCount: number }> {
    this.#refuseWhenEnded();
    const answer = this.#client.query<R>(statement(text, values));
    this.#keepFailure(answer);
    const { rows, rowCount } = await answer;
    return { rows, rowCount: rowCount ?? 0 };
  }

  send(text: string, values?: readonly unknown[]): void {
    this.#refuseWhenEnded();
    gatherWrites(this.#client);
    this.#keepFailure(this.#client.query(statement(text, values)));
  }

  notify(channel: string, payload: string): void {
    this.#refuseWhenEnded();
    this.notices.push({ channel, payload });
  }

  async commit(): Promise<void> {
    this.#ended = true;
    gatherWrites(this.#client);
    const { command } = await this.#client.query('commit').catch((error: unknown) => {
      throw outcomeUnknown(error) ?? error;
    });
    // COMMIT of a transaction in which a statement failed answers ROLLBACK, without an error.
    if (command !== 'COMMIT') {
      throw this.#failure ?? new MeshfleetError({ code: 'INTERNAL', summary: 'A transaction ended without being committed' });
    }
  }

  /**
   * Ends a transaction in which everything was read: nobody learns anything from the answer to its COMMIT, so that the
   * connection goes on without waiting for it. False when something was not as it should be, and {@link commit} must say.
   */
  endReading(): boolean {
    if (this.#pending > 0 || this.#failure !== undefined) return false;
    this.#ended = true;
    gatherWrites(this.#client);
    this.#keepFailure(this.#client.query('commit'));
    return true;
  }

  /** Resolves to true when the connection is unfit for further use. */
  async rollback(): Promise<boolean> {
    this.#ended = true;
    try {
      await this.#client.query('rollback');
      return false;
    } catch {
      return true;
    }
  }

  #keepFailure(answer: Promise<unknown>): void {
    this.#pending += 1;
    const over = (): void => {
      this.#pending -= 1;
    };
    answer.then(over, (error: unknown) => {
      over();
      this.#failure ??= error;
    });
  }

  #refuseWhenEnded(): void {
    if (!this.#ended) return;
    throw new MeshfleetError({
      code: 'INTERNAL',
      summary: 'A transaction was used after it had ended',
      why: 'a promise of its work was not awaited',
    });
  }
}

/** Statements that are sent before the program waits for anything leave in one packet: the server wakes up once. */
function gatherWrites(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection; // not part of the declared type
  stream.cork();
  process.nextTick(() => stream.uncork());
}

function openingOf(scope: Scope): string {
  const settings: string[] = [];
  if (scope.organizationId !== undefined) {
    if (!UUID.test(scope.organizationId)) {
      throw new MeshfleetError({ code: 'NOT_FOUND', summary: 'No such organization', why: 'its id is not a UUID', fix: 'Use the id as it was handed out.' });
    }
    settings.push(`set_config('app.organization_id', '${scope.organizationId}', true)`);
  }
  if (scope.identity !== undefined) settings.push(`set_config('app.identity', ${pg.escapeLiteral(scope.identity)}, true)`);
  const begin = scope.readOnly === true ? 'begin read only' : 'begin';
  return settings.length === 0 ? begin : `${begin}; select ${settings.join(', ')}`;
}

/** A connection that is lost during COMMIT leaves it open whether the server had finished it. */
function outcomeUnknown(error: unknown): MeshfleetError | undefined {
  const state = sqlStateOf(error);
  if (state !== undefined && !state.startsWith('57P') && !state.startsWith('08')) return undefined;
  return new MeshfleetError(
    {
      code: 'STORE_UNAVAILABLE',
      summary: 'The connection to Postgres was lost during COMMIT',
      why: 'the change may have been stored, or not',
      fix: 'Repeat the request with the same idempotency key, or look whether the change is there.',
    },
    { cause: error },
  );
}

/** 40001 serialization failure, 40P01 deadlock: Postgres rolled back, the same work may succeed now. */
function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}

function pause(attempt: number): Promise<void> {
  const longest = 10 * 2 ** attempt;
  return new Promise((resolve) => setTimeout(resolve, longest / 2 + Math.random() * (longest / 2)));
}
