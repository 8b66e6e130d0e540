import { MeshfleetError } from '@meshfleet/model';

/** Where an embedded server failed, for the words of its error. */
export interface EmbeddedContext {
  readonly dataDir: string;
  readonly port: number;
  readonly user: string | undefined;
}

/** What Postgres or initdb wrote (in English, we ask for it) before it gave up, as an error that names the fix. */
export function embeddedError(output: string, context: EmbeddedContext, cause?: unknown): MeshfleetError {
  const options = cause === undefined ? undefined : { cause };
  const last = output.trim().split('\n').slice(-4).join('\n');
  if (/No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(output)) {
    return new MeshfleetError(
      {
        code: 'STORE_UNAVAILABLE',
        summary: `There is no space left on the disk of ${context.dataDir}`,
        why: 'the embedded Postgres needs about 100 MB to start',
        fix: 'Free some space, or choose a data directory on another disk.',
      },
      options,
    );
  }
  if (/Address already in use|could not bind/.test(output)) return portInUse(context.port, options);
  if (/ENOTDIR|EEXIST|Not a directory/.test(output)) {
    return new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `${context.dataDir} cannot be a directory`,
        why: 'a part of this path is a file',
        fix: 'Choose another data directory.',
      },
      options,
    );
  }
  if (/lock file .* already exists|shared memory block .* still in use|pre-existing shared memory/.test(output)) {
    return new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `Another Postgres works on ${context.dataDir}`,
        why: last,
        fix: 'Stop the other Postgres, or choose another data directory.',
      },
      options,
    );
  }
  if (/Permission denied|EACCES|EPERM|EROFS|Read-only file system|Operation not permitted/.test(output)) {
    return new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `The embedded Postgres may not write to ${context.dataDir}`,
        why: context.user === undefined ? last : `it runs as the user ${context.user}, because it refuses to run as root: ${last}`,
        fix: 'Choose a data directory that this user may enter and write.',
      },
      options,
    );
  }
  return new MeshfleetError(
    {
      code: 'STORE_UNAVAILABLE',
      summary: 'The embedded Postgres did not start',
      why: last === '' ? 'it ended without a word' : last,
      fix: `Look at what Postgres says above; set DATABASE_URL to use a Postgres of your own instead.`,
    },
    options,
  );
}

export function portInUse(port: number, options?: { cause: unknown }): MeshfleetError {
  return new MeshfleetError(
    {
      code: 'CONFIG_INVALID',
      summary: `Port ${port} is in use`,
      why: 'another program listens there',
      fix: 'Stop the other program, or choose another port (0 takes a free one).',
    },
    options,
  );
}

export function wrongVersion(dataDir: string, found: string, major: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `The data in ${dataDir} was written by Postgres ${found}; the embedded one is ${major}`,
    why: 'Postgres cannot read the files of another major version',
    fix: `Dump it with Postgres ${found} (pg_dump) and restore it into a new directory, or remove the directory to start empty.`,
  });
}

export function notEmpty(dataDir: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `The directory ${dataDir} is not empty`,
    why: 'data that are not to persist are removed at the end, and with them whatever lies there',
    fix: 'Choose a directory that does not exist yet, or make the data persistent.',
  });
}

export function notADatabase(dataDir: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `The directory ${dataDir} is neither empty nor a Postgres data directory`,
    why: 'it holds files but no PG_VERSION',
    fix: 'Choose another data directory; Meshfleet does not touch what it did not make.',
  });
}
