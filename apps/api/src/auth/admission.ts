import { MeshfleetError } from '@meshfleet/model';
import type { IncomingHttpHeaders } from 'node:http';
import { RequestScope, type ScopeParts } from '../request/request-scope.ts';
import type { Authenticator } from './authenticator.ts';
import { credentialsOf, organizationOf, refuseForgery, unauthenticated } from './credentials.ts';
import type { Principal } from './principal.ts';

/** Lets requests in: each gets the scope of what it may see and do, or is refused before its body is read. */
export class Admission {
  readonly #authenticator: Authenticator;
  readonly #parts: ScopeParts;
  readonly #publicOrigin: string;

  constructor(authenticator: Authenticator, parts: ScopeParts, publicUrl: string) {
    this.#authenticator = authenticator;
    this.#parts = parts;
    this.#publicOrigin = new URL(publicUrl).origin;
  }

  /** @throws MeshfleetError when nobody is signed in, or the request could be forged by another site */
  async admit(request: { headers: IncomingHttpHeaders; id: string }): Promise<RequestScope> {
    const credentials = credentialsOf(request.headers);
    if (credentials === undefined) throw unauthenticated('the request carries no token');
    if (credentials.from === 'cookie') refuseForgery(request.headers);
    return this.#scope(await this.#principal(credentials.token, credentials.from), request);
  }

  /**
   * For a WebSocket, whose upgrade a browser sends with cookies and without headers of ours: by cookie only from our own
   * pages. Undefined when it carries no credentials at all: those may follow in connection_init.
   */
  async admitUpgrade(request: { headers: IncomingHttpHeaders; id: string }): Promise<RequestScope | undefined> {
    const credentials = credentialsOf(request.headers);
    if (credentials === undefined) return undefined;
    if (credentials.from === 'cookie' && request.headers.origin !== this.#publicOrigin) {
      throw new MeshfleetError({ code: 'FORBIDDEN', summary: 'The connection could come from another site', why: 'its Origin is not this installation’s address', fix: 'Open it from a page of this installation, or sign in by connection_init.' });
    }
    return this.#scope(await this.#principal(credentials.token, credentials.from), request);
  }

  /** For a token that came in the connection_init of a WebSocket. */
  async admitToken(token: string, slug: string | undefined, requestId: string): Promise<RequestScope> {
    return new RequestScope(this.#parts, { principal: await this.#authenticator.authenticate(token), slug, requestId });
  }

  #principal(token: string, from: 'header' | 'cookie'): Promise<Principal> {
    return from === 'header' ? this.#authenticator.authenticate(token) : this.#authenticator.person(token);
  }

  #scope(principal: Principal, request: { headers: IncomingHttpHeaders; id: string }): RequestScope {
    return new RequestScope(this.#parts, { principal, slug: organizationOf(request.headers), requestId: request.id });
  }
}
