/** Filled in with the generated client. */
export type PrismaTx = Record<string, never>;

export interface PrismaPath {
  transaction<T>(
    organizationId: string,
    work: (prisma: PrismaTx) => Promise<T>,
    options?: { identity?: string; readOnly?: boolean; retries?: number },
  ): Promise<T>;
  close(): Promise<void>;
}

export function createPrismaPath(_databaseUrl: string, _applicationName: string): PrismaPath {
  return { transaction: (_organizationId, work) => work({}), close: () => Promise.resolve() };
}
