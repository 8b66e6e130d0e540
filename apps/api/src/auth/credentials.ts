import { MeshfleetError } from '@meshfleet/model';
import type { IncomingHttpHeaders } from 'node:http';

export const SESSION_COOKIE = 'meshfleet_session';
/** Requests that a browser signs in by cookie must carry it: no other site can set it without our consent (CORS). */
export const CSRF_HEADER = 'meshfleet-request';
export const ORGANIZATION_HEADER = 'meshfleet-organization';

export interface Credentials {
  readonly token: string;
  readonly from: 'header' | 'cookie';
}

/** The token of a request: from `Authorization: Bearer`, else from the session's cookie. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token === undefined) throw unauthenticated('the header Authorization is not of the form "Bearer <token>"');
    return { token, from: 'header' };
  }
  const token = readCookie(headers.cookie, SESSION_COOKIE);
  return token === undefined ? undefined : { token, from: 'cookie' };
}

/** Refuses what another site could make a browser send: a request with our cookie and nothing that only our pages set. */
export function refuseForgery(headers: IncomingHttpHeaders): void {
  if (headers[CSRF_HEADER] !== undefined) return;
  throw new MeshfleetError({
    code: 'FORBIDDEN',
    summary: 'The request could come from another site',
    why: 'it is signed in by cookie and lacks the header Meshfleet-Request',
    fix: 'Send the header Meshfleet-Request: 1, or sign in by the header Authorization.',
  });
}

/** The slug that the request names; undefined when it names none. */
export function organizationOf(headers: IncomingHttpHeaders): string | undefined {
  const slug = headers[ORGANIZATION_HEADER];
  return typeof slug === 'string' && slug !== '' ? slug : undefined;
}

export function unauthenticated(why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'UNAUTHENTICATED',
    summary: 'You are not signed in',
    why,
    fix: 'Send the header Authorization: Bearer <token>, with a token of the identity provider or an API token.',
  });
}

/** The header that makes, or with no token ends, a browser session. */
export function sessionCookie(token: string | undefined, seconds: number, secure: boolean): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${Math.max(0, Math.floor(seconds))}`, ...(secure ? ['Secure'] : [])];
  return [`${SESSION_COOKIE}=${token ?? ''}`, ...attributes].join('; ');
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}
