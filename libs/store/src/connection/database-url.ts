import { MeshfleetError } from '@meshfleet/model';

/** A database URL that was checked, and where it leads in words that hold no password. */
export interface DatabaseAddress {
  readonly url: string;
  readonly label: string;
}

/**
 * Checks the shape of a database URL before anybody connects.
 * @throws MeshfleetError CONFIG_INVALID
 */
export function parseDatabaseUrl(text: string, variable = 'DATABASE_URL'): DatabaseAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(variable, 'it cannot be read as a URL');
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw invalid(variable, `it starts with "${url.protocol}" and not with "postgresql:"`);
  }
  if (url.pathname.length < 2) throw invalid(variable, 'it names no database after the host');
  return { url: text, label: `${url.hostname || 'localhost'}:${url.port || '5432'}${url.pathname}` };
}

/**
 * The same URL with settings that the session starts with. They go into the URL because the driver lets a URL's
 * `options` win over everything else: a user's own options must not push our role aside.
 */
export function withSettings(url: string, settings: Readonly<Record<string, string | number>>): string {
  const changed = new URL(url);
  const given = changed.searchParams.get('options');
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  changed.searchParams.set('options', [...(given === null ? [] : [given]), ...ours].join(' '));
  return changed.toString();
}

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.toString();
}

function invalid(variable: string, why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `${variable} is not the address of a Postgres database`,
    why,
    fix: `Set ${variable} to postgresql://user:password@host:5432/database, or leave it out to use the embedded Postgres.`,
    where: { field: [variable] },
  });
}
