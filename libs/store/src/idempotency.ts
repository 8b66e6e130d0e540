import { MeshfleetError, contentHash } from '@meshfleet/model';
import type { Tx } from './connection/sql.ts';

export interface IdempotentRequest {
  /** As the client chose it. */
  readonly key: string;
  readonly mutation: string;
  /** The input without the key; compared by its canonical JSON. */
  readonly request: unknown;
}

/**
 * Runs `work` once per key. The same key with the same request gets the stored answer (its JSON form); two at once
 * are put in line, the second gets the first one's answer. A `work` that throws leaves the key free.
 * @throws MeshfleetError INVALID_INPUT when the request holds what JSON cannot say, IDEMPOTENCY_KEY_REUSED when the key came before with another mutation or input
 */
export async function withIdempotency<T>(tx: Tx, request: IdempotentRequest, work: () => Promise<T>): Promise<T> {
  const requestHash = hashOf(request);
  const { rowCount } = await tx.query(
    `insert into idempotency (organization_id, key, mutation, request_hash, response) values ($1, $2, $3, $4, 'null')
     on conflict (organization_id, key) do nothing`,
    [tx.organizationId, request.key, request.mutation, requestHash],
  );
  if (rowCount === 0) return storedAnswer<T>(tx, request, requestHash);
  const answer = await work();
  tx.send('update idempotency set response = $3 where organization_id = $1 and key = $2', [
    tx.organizationId,
    request.key,
    JSON.stringify(answer ?? null),
  ]);
  return answer;
}

async function storedAnswer<T>(tx: Tx, request: IdempotentRequest, requestHash: string): Promise<T> {
  const { rows } = await tx.query<{ mutation: string; requestHash: string; response: T }>(
    'select mutation, request_hash as "requestHash", response from idempotency where organization_id = $1 and key = $2',
    [tx.organizationId, request.key],
  );
  const stored = rows[0];
  if (stored?.mutation === request.mutation && stored.requestHash === requestHash) return stored.response;
  throw new MeshfleetError({
    code: 'IDEMPOTENCY_KEY_REUSED',
    summary: 'This idempotency key was used before for another request',
    why: stored === undefined ? 'its record is being removed' : `it came first with ${stored.mutation}${stored.mutation === request.mutation ? ' and another input' : ''}`,
    fix: 'Choose a new key for a new request; repeat a key only with the very same input.',
    where: { field: ['input', 'idempotencyKey'] },
  });
}

function hashOf(request: IdempotentRequest): string {
  return contentHash({ mutation: request.mutation, request: request.request ?? null });
}
