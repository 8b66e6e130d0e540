import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { reachableFor } from './binaries.ts';
import type { PostgresBinaries, ServerUser } from './binaries.ts';
import { embeddedError, notADatabase, notEmpty, wrongVersion } from './embedded-error.ts';

const run = promisify(execFile);
const PASSWORD_FILE = 'meshfleet-password';

/**
 * Where the data really goes: a server that runs as another user cannot enter a directory that only root may enter
 * (/root). Its data then lie under /var/lib/meshfleet, or among the temporary files if they are to be thrown away.
 */
export function placeOf(dataDir: string, user: ServerUser | undefined, persistent: boolean): string {
  const wanted = resolve(dataDir);
  const above = nearestExisting(dirname(wanted));
  if (user === undefined || !statSync(above).isDirectory() || reachableFor(user, above)) return wanted;
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  return persistent ? join('/var/lib/meshfleet', `${basename(wanted)}-${name}`) : join(tmpdir(), `meshfleet-${basename(wanted)}-${name}`);
}

/** Makes the directory a database cluster unless it is one; returns the password of its superuser. */
export async function prepareDataDirectory(
  dataDir: string,
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  options: { durable: boolean },
): Promise<string> {
  const version = join(dataDir, 'PG_VERSION');
  if (existsSync(version)) {
    const found = readFileSync(version, 'utf8').trim();
    if (found !== binaries.major) throw wrongVersion(dataDir, found, binaries.major);
    return readFileSync(join(dataDir, PASSWORD_FILE), 'utf8').trim();
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) throw notADatabase(dataDir);
  return initialise(dataDir, binaries, user, options);
}

/** @throws MeshfleetError CONFIG_INVALID unless the directory is new or empty */
export function refuseExisting(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) throw notEmpty(dataDir);
}

/** In a directory beside, renamed at the end: a start that is killed half way leaves nothing that looks finished. */
async function initialise(
  dataDir: string,
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  { durable }: { durable: boolean },
): Promise<string> {
  const draft = `${dataDir}.new`;
  const password = randomBytes(32).toString('base64url');
  const context = { dataDir, port: 0, user: user?.name };
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(join(draft, 'data'), { recursive: true, mode: 0o700 });
    const passwordFile = join(draft, PASSWORD_FILE);
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user !== undefined) for (const path of [draft, join(draft, 'data'), passwordFile]) chownSync(path, user.uid, user.gid);
    await run(binaries.initdb, initdbArguments(join(draft, 'data'), passwordFile, durable), {
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    renameSync(passwordFile, join(draft, 'data', PASSWORD_FILE));
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(join(draft, 'data'), dataDir);
    rmSync(draft, { recursive: true, force: true });
    return password;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw embeddedError(outputOf(error), context, error);
  }
}

function initdbArguments(target: string, passwordFile: string, durable: boolean): string[] {
  return [
    `--pgdata=${target}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    // A password of 256 random bits needs no stretching, and every connection would pay for it.
    '--set=scram_iterations=1',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(durable ? ['--data-checksums'] : ['--no-sync', '--no-data-checksums']),
  ];
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function outputOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'stderr' in error) return `${String(error)}\n${String(error.stderr)}`;
  return String(error);
}
