import { MeshfleetError } from '@meshfleet/model';
import { sqlStateOf } from './sql.ts';

/**
 * Turns what the driver says about an unreachable, refusing or full database into an error that names the fix.
 * Everything else (constraint violations, mistakes in SQL) is returned as it is: its meaning is the caller's.
 */
export function toStoreError(error: unknown, label: string): unknown {
  if (error instanceof MeshfleetError) return error;
  const state = sqlStateOf(error);
  const refused = state === undefined ? undefined : refusedLogin(state, label);
  if (refused !== undefined) return new MeshfleetError({ code: 'CONFIG_INVALID', ...refused }, { cause: error });
  const unavailable = state === undefined ? lostConnection(error, label) : unavailableServer(state, label);
  if (unavailable !== undefined) return new MeshfleetError({ code: 'STORE_UNAVAILABLE', ...unavailable }, { cause: error });
  return error;
}

interface Words {
  summary: string;
  why: string;
  fix: string;
}

function refusedLogin(state: string, label: string): Words | undefined {
  switch (state) {
    case '28P01':
    case '28000':
      return {
        summary: `Postgres at ${label} refused the login`,
        why: 'user or password are wrong, or pg_hba.conf does not admit this user from here',
        fix: 'Check user and password in DATABASE_URL.',
      };
    case '3D000':
      return {
        summary: `There is no database ${label}`,
        why: 'the server answers, but the database named in DATABASE_URL does not exist',
        fix: 'Create it (createdb) or correct the name in DATABASE_URL.',
      };
    default:
      return undefined;
  }
}

function unavailableServer(state: string, label: string): Words | undefined {
  if (state === '53100') {
    return {
      summary: `Postgres at ${label} has no space left on its disk`,
      why: 'it could not extend a file; nothing of this transaction was stored',
      fix: 'Free space on the disk of the data directory; Meshfleet goes on by itself.',
    };
  }
  if (state === '53300') {
    return {
      summary: `Postgres at ${label} has no connection left`,
      why: 'max_connections is reached',
      fix: 'Lower the pool size or the number of replicas, or put a pooler in front of Postgres.',
    };
  }
  // Class 08: connection exceptions; 57P0x: the server shuts down, crashed or is starting.
  if (state.startsWith('08') || state.startsWith('57P')) {
    return {
      summary: `Postgres at ${label} is not available`,
      why: state === '57P03' ? 'it is starting up' : 'it is shutting down or cut the connection',
      fix: 'Nothing of an unfinished transaction was stored: try again in a moment.',
    };
  }
  return undefined;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ENOENT']);

function lostConnection(error: unknown, label: string): Words | undefined {
  if (!(error instanceof Error)) return undefined;
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : error;
  const code = typeof first === 'object' && first !== null && 'code' in first ? String(first.code) : '';
  // The driver has no codes for these; its wording is all there is.
  const worded = /connection terminated|connection error|timeout exceeded when trying to connect|timeout expired|not queryable|client was closed/i.test(error.message);
  if (!UNREACHABLE.has(code) && !worded) return undefined;
  return {
    summary: `Postgres at ${label} cannot be reached`,
    why: code === '' ? 'the connection was lost or none became free in time' : code,
    fix: 'Check that Postgres runs and that host and port in DATABASE_URL are right.',
  };
}
