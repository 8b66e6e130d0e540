import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeshfleetError } from '@meshfleet/model';

export interface Migration {
  /** Name of its directory: `20261123000000_spine`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in hex, as Prisma Migrate keeps it. */
  readonly checksum: string;
}

/** Reads `prisma/migrations`, in the order in which they are applied. */
export function readMigrations(directory = migrationsDirectory()): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const file = readFileSync(join(directory, name, 'migration.sql'));
      return { name, sql: file.toString('utf8'), checksum: createHash('sha256').update(file).digest('hex') };
    });
}

/** Found upwards of this file: the sources and the bundles in dist/ lie at different depths of the same house. */
function migrationsDirectory(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'prisma', 'migrations');
    if (existsSync(join(candidate, 'migration_lock.toml'))) return candidate;
    const above = dirname(folder);
    if (above === folder) break;
    folder = above;
  }
  throw new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: 'The database migrations were not found',
    why: 'no directory above the program holds prisma/migrations',
    fix: 'Ship the prisma directory beside dist.',
  });
}
