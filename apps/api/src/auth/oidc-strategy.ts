import { MeshfleetError } from '@meshfleet/model';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import passportJwt from 'passport-jwt';
import type { ApiConfig } from '../config/parse-config.ts';
import { discoverJwksUrl } from './discover-jwks.ts';
import type { UserPrincipal } from './principal.ts';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];
/** Clocks of issuers are not ours. */
const CLOCK_TOLERANCE_SECONDS = 30;

/**
 * Verifies tokens of one OpenID Connect issuer. passport-jwt's own verifier (jsonwebtoken) knows no EdDSA and no key
 * sets, so that jose does the cryptography: it fetches the key set, again when a token names a key that it lacks
 * (rotation; at most every 5 s), and at the latest after 10 minutes.
 */
export function createOidcVerifier(oidc: NonNullable<ApiConfig['oidc']>): (token: string) => Promise<UserPrincipal> {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const keySet = (): Promise<JWTVerifyGetKey> => {
    keys ??= discoverJwksUrl(oidc).then((url) =>
      createRemoteJWKSet(new URL(url), { timeoutDuration: 3_000, cooldownDuration: 5_000, cacheMaxAge: 600_000 }),
    );
    keys.catch(() => {
      keys = undefined;
    });
    return keys;
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, await keySet(), {
        issuer: oidc.issuer,
        audience: oidc.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      return principalOf(oidc.issuer, payload);
    } catch (error) {
      throw signInError(error);
    }
  };
}

interface StrategyRequest {
  readonly token: string;
}

/** The passport strategy: takes the token that the edge found, hands on the person. */
export function createOidcStrategy(oidc: NonNullable<ApiConfig['oidc']>): passportJwt.Strategy {
  const verify = createOidcVerifier(oidc);
  // passport-jwt allows its verifier to be replaced, which its types do not say; the "key" that it hands on is our verified principal.
  (passportJwt.Strategy as unknown as { JwtVerifier: PassportVerifier }).JwtVerifier = (_token, principal, _options, done) => {
    done(null, principal);
  };
  return new passportJwt.Strategy(
    {
      // authenticateWith() below is the only one that makes requests.
      jwtFromRequest: (request: unknown) => (request as StrategyRequest).token,
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: unknown, key?: never) => void) => {
        verify(token).then(
          (principal) => {
            done(null, principal as never); // the verifier above knows what it gets
          },
          (error: unknown) => {
            done(error);
          },
        );
      },
    },
    (principal: unknown, done: (error: unknown, user?: unknown) => void) => {
      done(null, principal);
    },
  );
}

type PassportVerifier = (token: string, key: unknown, options: unknown, done: (error: unknown, payload?: unknown) => void) => void;

/** Runs the strategy for one token, as passport's middleware would for a request. */
export function authenticateWith(strategy: passportJwt.Strategy, token: string): Promise<UserPrincipal> {
  return new Promise((resolve, reject) => {
    // Passport augments a strategy per request with these callbacks.
    // Object.create() answers with any.
    const run = Object.assign(Object.create(strategy) as passportJwt.Strategy, {
      success: (user: UserPrincipal) => {
        resolve(user);
      },
      fail: (problem: unknown) => {
        reject(problem instanceof Error ? problem : signInError(problem));
      },
      error: reject,
    });
    // Its types want a request of Express; it hands what it gets to jwtFromRequest.
    (run as unknown as { authenticate(request: StrategyRequest): void }).authenticate({ token });
  });
}

/** As OpenID Connect has it: at most 255 characters of ASCII. jose only looks whether it is there. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

function principalOf(issuer: string, payload: JWTPayload): UserPrincipal {
  const { exp = 0, name, email } = payload;
  const sub: unknown = payload.sub;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw new errors.JWTClaimValidationFailed('unexpected "sub" claim value', payload, 'sub', 'check_failed');
  return {
    kind: 'user',
    identity: `${issuer}|${sub}`,
    expiresAt: new Date(exp * 1000),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  };
}

function signInError(error: unknown): MeshfleetError {
  if (error instanceof MeshfleetError) return error;
  if (error instanceof errors.JWTExpired) {
    return new MeshfleetError({ code: 'TOKEN_EXPIRED', summary: 'The session has expired', fix: 'Sign in again.' });
  }
  if (isIssuerFailure(error)) {
    return new MeshfleetError(
      {
        code: 'IDENTITY_PROVIDER_UNAVAILABLE',
        summary: 'Nobody can sign in at the moment',
        why: 'the key set of the identity provider cannot be fetched',
        fix: 'Try again in a moment; if it lasts, check that the issuer of OIDC_ISSUER answers.',
      },
      { cause: error },
    );
  }
  return new MeshfleetError(
    {
      code: 'UNAUTHENTICATED',
      summary: 'The token is not accepted',
      why: error instanceof errors.JWTClaimValidationFailed ? `its claim "${error.claim}" is not the one that is expected` : 'it is malformed or not signed by the identity provider',
      fix: 'Sign in again with the identity provider of this installation.',
    },
    { cause: error },
  );
}

/** jose throws its plain base error when the key set answers other than 200 or with something that is none. */
function isIssuerFailure(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  if (error instanceof errors.JOSEError) return error.code === 'ERR_JOSE_GENERIC';
  return error instanceof TypeError; // fetch failed
}
