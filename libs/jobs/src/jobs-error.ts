import { MeshfleetError } from '@meshfleet/model';
import { toStoreError } from '@meshfleet/store';

/** What went wrong with the queues' backend, in words that name the fix. */
export function toJobsError(error: unknown, redisUrl: string | undefined): unknown {
  if (error instanceof MeshfleetError) return error;
  if (redisUrl === undefined) {
    const known = toStoreError(error, 'DATABASE_URL (queues)');
    if (known instanceof MeshfleetError) return known;
    return new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: 'The queues could not be set up in Postgres',
        why: error instanceof Error ? error.message : String(error),
        fix: 'Let the user of DATABASE_URL create the schema bullmq, or create it and make this user its owner.',
      },
      { cause: error },
    );
  }
  return new MeshfleetError(
    {
      code: 'STORE_UNAVAILABLE',
      summary: `Redis at ${new URL(redisUrl).host} cannot be used`,
      why: error instanceof Error ? error.message : String(error),
      fix: 'Check that Redis 6.2 or newer runs there and that REDIS_URL holds the right user and password.',
    },
    { cause: error },
  );
}
