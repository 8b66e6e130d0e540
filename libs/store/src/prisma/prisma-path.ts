import { MeshfleetError } from '@meshfleet/model';
import { withSettings } from '../connection/database-url.ts';
import { toStoreError } from '../connection/store-error.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';

/** Prisma Client within one transaction under one organization. */
export type PrismaTx = Prisma.TransactionClient;

export interface PrismaPathOptions {
  readonly identity?: string;
  readonly readOnly?: boolean;
  readonly retries?: number;
}

export interface PrismaPath {
  transaction<T>(organizationId: string, work: (prisma: PrismaTx) => Promise<T>, options?: PrismaPathOptions): Promise<T>;
  close(): Promise<void>;
}

/** Loads Prisma with its first use: a process that stays on the hot paths neither waits nor pays memory for it. */
export function createPrismaPath(databaseUrl: string, label: string, applicationName: string): PrismaPath {
  let opened: Promise<PrismaClient> | undefined;

  async function attempt<T>(organizationId: string, work: (prisma: PrismaTx) => Promise<T>, options: PrismaPathOptions): Promise<T> {
    const client = await (opened ??= openClient(databaseUrl, applicationName));
    return client.$transaction(async (prisma) => {
      if (options.readOnly === true) await prisma.$executeRaw`set transaction read only`;
      await prisma.$queryRaw`select set_config('app.organization_id', ${organizationId}, true),
        set_config('app.identity', ${options.identity ?? ''}, true)`;
      return work(prisma);
    });
  }

  return {
    async transaction(organizationId, work, options = {}) {
      for (let left = options.retries ?? 3; ; left -= 1) {
        try {
          return await attempt(organizationId, work, options);
        } catch (error) {
          if (left <= 0 || !isTransient(error)) throw toStoreError(unwrap(error), label);
        }
      }
    },
    async close() {
      await (await opened?.catch(() => undefined))?.$disconnect();
    },
  };
}

async function openClient(databaseUrl: string, applicationName: string): Promise<PrismaClient> {
  const [{ PrismaPg }, { PrismaClient: Client }] = await Promise.all([
    import('@prisma/adapter-pg'),
    import('./generated/client.ts').catch((error: unknown) => {
      throw notGenerated(error);
    }),
  ]);
  const adapter = new PrismaPg({
    connectionString: withSettings(databaseUrl, { role: 'meshfleet_app', statement_timeout: 30_000, lock_timeout: 15_000 }),
    max: 4,
    application_name: applicationName,
  });
  return new Client({ adapter, errorFormat: 'minimal' });
}

/** P2034: a write conflict or deadlock; Postgres rolled back. */
function isTransient(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'P2034';
}

/** Prisma keeps the driver's error, which names the cause, some layers down. */
function unwrap(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('meta' in error)) return error;
  const meta = error.meta as { driverAdapterError?: { cause?: { originalCode?: string } } } | undefined;
  const code = meta?.driverAdapterError?.cause?.originalCode;
  return code === undefined ? error : Object.assign(new Error('Prisma', { cause: error }), { code });
}

function notGenerated(cause: unknown): MeshfleetError {
  return new MeshfleetError(
    {
      code: 'CONFIG_INVALID',
      summary: 'The Prisma client is not generated',
      fix: 'Run `node .config/install.mjs` in the checkout, or ship libs/store/src/prisma/generated with the build.',
    },
    { cause },
  );
}
