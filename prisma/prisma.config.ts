import { defineConfig } from 'prisma/config';

/** For the `prisma` command alone: `prisma migrate deploy --config prisma/prisma.config.ts` with DATABASE_URL set. */
const url = process.env['DATABASE_URL'];

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  ...(url === undefined ? {} : { datasource: { url } }),
});
