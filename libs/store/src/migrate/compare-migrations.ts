import { MeshfleetError } from '@meshfleet/model';
import type { Migration } from './migration-files.ts';

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * The migrations that are still to be applied.
 * @throws MeshfleetError PRECONDITION_FAILED when the database and the files tell different stories
 */
export function compareMigrations(files: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const row of applied) {
    const file = byName.get(row.name);
    if (file === undefined) {
      throw refused(
        `The database holds migration ${row.name}, which this version of Meshfleet does not know`,
        'it was migrated by a newer version',
        'Start the newer version, or restore the backup that belongs to this one.',
      );
    }
    if (!row.finished) {
      throw refused(
        `Migration ${row.name} was started by another tool and did not finish`,
        'its row in _prisma_migrations has no finished_at',
        `Repair the database by hand, then run: prisma migrate resolve --applied ${row.name} (or --rolled-back).`,
      );
    }
    if (row.checksum !== file.checksum) {
      throw refused(
        `Migration ${row.name} was changed after it had been applied`,
        `the database holds checksum ${row.checksum.slice(0, 12)}…, the file has ${file.checksum.slice(0, 12)}…`,
        'Put the file back as it was and write a new migration for the change.',
      );
    }
  }
  const known = new Set(applied.map((row) => row.name));
  return files.filter((file) => !known.has(file.name));
}

function refused(summary: string, why: string, fix: string): MeshfleetError {
  return new MeshfleetError({ code: 'PRECONDITION_FAILED', summary, why, fix });
}
