import { MeshfleetError } from '@meshfleet/model';
import { hashSecretToken, readSecretToken } from '@meshfleet/protocol';
import { findApiTokenByHash, touchApiToken, type Store } from '@meshfleet/store';
import type passportJwt from 'passport-jwt';
import type { ApiConfig } from '../config/parse-config.ts';
import { authenticateWith, createOidcStrategy } from './oidc-strategy.ts';
import type { Principal, TokenPrincipal, UserPrincipal } from './principal.ts';
import { RememberedPrincipals } from './remembered-principals.ts';

/** Tells who sends a request: a person by a token of the OpenID Connect issuer, a program by an API token. */
export class Authenticator {
  readonly #store: Store;
  readonly #strategy: passportJwt.Strategy | undefined;
  readonly #now: () => number;
  readonly #people: RememberedPrincipals<UserPrincipal>;
  readonly #programs: RememberedPrincipals<TokenPrincipal>;

  constructor(store: Store, oidc: ApiConfig['oidc'], now: () => number = Date.now) {
    this.#store = store;
    this.#strategy = oidc === undefined ? undefined : createOidcStrategy(oidc);
    this.#now = now;
    this.#people = new RememberedPrincipals(now);
    this.#programs = new RememberedPrincipals(now);
  }

  /** @throws MeshfleetError UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_INVALID or IDENTITY_PROVIDER_UNAVAILABLE */
  authenticate(token: string): Promise<Principal> {
    return token.startsWith('mfa_') ? this.#programs.of(token, () => this.#program(token)) : this.person(token);
  }

  /** People alone: browser sessions are not for API tokens. */
  person(token: string): Promise<UserPrincipal> {
    const strategy = this.#strategy;
    if (strategy === undefined) {
      return Promise.reject(
        new MeshfleetError({
          code: 'UNAUTHENTICATED',
          summary: 'People cannot sign in here',
          why: 'this installation has no identity provider',
          fix: 'Use an API token, or set OIDC_ISSUER and OIDC_AUDIENCE of the API.',
        }),
      );
    }
    return this.#people.of(token, () => authenticateWith(strategy, token));
  }

  async #program(token: string): Promise<TokenPrincipal> {
    const hash = hashSecretToken(token);
    const claimed = readSecretToken('mfa', token);
    if (claimed === undefined) throw refused();
    return this.#store.transaction(claimed.organizationId, async (tx) => {
      const row = await findApiTokenByHash(tx, hash);
      if (row === undefined || row.revokedAt !== null) throw refused();
      if (row.expiresAt.getTime() <= this.#now()) {
        throw new MeshfleetError({ code: 'TOKEN_EXPIRED', summary: 'The API token has expired', fix: 'Create another one with apiTokenCreate.' });
      }
      await touchApiToken(tx, row.id, new Date(this.#now()));
      return {
        kind: 'token' as const,
        tokenId: row.id,
        organizationId: tx.organizationId,
        name: row.name,
        role: row.role,
        expiresAt: row.expiresAt,
      };
    });
  }
}

/** The same answer for a token that is malformed, unknown, revoked or of another organization. */
function refused(): MeshfleetError {
  return new MeshfleetError({
    code: 'TOKEN_INVALID',
    summary: 'The API token is not accepted',
    why: 'there is no such token, or it was revoked',
    fix: 'Check the token, or create another one with apiTokenCreate.',
  });
}
