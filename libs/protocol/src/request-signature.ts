import type { KeyObject } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import * as z from 'zod';
import { sha256Base64Url } from './sha256.ts';
import { isSignedBy, isSignedByAsync, parseCompact, signCompact } from './compact-jws.ts';
import type { ParsedJws } from './compact-jws.ts';
import { TOKEN_LIFETIME, checkFreshness } from './freshness.ts';
import type { SigningKey } from './jwk.ts';

export const AUTHORIZATION_SCHEME = 'Meshfleet';
const TYPE = 'meshfleet-agent+jwt';

const claimsSchema = z.object({
  iss: z.uuid(),
  org: z.uuid(),
  aud: z.string().max(500),
  htm: z.string().max(10),
  htu: z.string().max(2000),
  bh: z.string().length(43),
  iat: z.number(),
  exp: z.number(),
  jti: z.string().min(16).max(64),
});

/** What an agent's request carries in `Authorization`, read but not yet believed. */
export interface RequestToken {
  readonly clusterId: string;
  readonly organizationId: string;
  readonly kid: string;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly claims: z.infer<typeof claimsSchema>;
  readonly jws: ParsedJws;
}

export interface SignRequest {
  readonly key: SigningKey;
  readonly clusterId: string;
  readonly organizationId: string;
  /** As the hub named it at enrolment. */
  readonly audience: string;
  readonly method: string;
  /** Path with query, as it is sent: `/agent/v1/state?have=none`. */
  readonly path: string;
  /** The bytes on the wire (compressed, if they are); leave out when there are none. */
  readonly body?: Uint8Array;
  /** Seconds since 1970, by the hub's clock as far as the agent knows it. */
  readonly now: number;
  /** Never used before; 16 to 64 characters. */
  readonly jti: string;
}

/** The value of `Authorization` for one request. */
export function signRequest(request: SignRequest): string {
  const iat = Math.floor(request.now);
  const claims: z.infer<typeof claimsSchema> = {
    iss: request.clusterId,
    org: request.organizationId,
    aud: request.audience,
    htm: request.method,
    htu: request.path,
    bh: sha256Base64Url(request.body ?? ''),
    iat,
    exp: iat + TOKEN_LIFETIME,
    jti: request.jti,
  };
  return `${AUTHORIZATION_SCHEME} ${signCompact(request.key, TYPE, claims)}`;
}

/**
 * Reads `Authorization` to learn whose key must verify it. Nothing in the answer may be acted upon before {@link verifyRequest}.
 * @throws MeshfleetError UNAUTHENTICATED (none) or SIGNATURE_INVALID (not one of ours)
 */
export function readRequestToken(authorization: string | undefined): RequestToken {
  const [scheme, token, ...more] = (authorization ?? '').split(' ');
  if (authorization === undefined || scheme?.toLowerCase() !== AUTHORIZATION_SCHEME.toLowerCase()) {
    throw new MeshfleetError({
      code: 'UNAUTHENTICATED',
      summary: 'The request is not signed',
      fix: `Send Authorization: ${AUTHORIZATION_SCHEME} <token signed by the agent's key>.`,
    });
  }
  if (token === undefined || more.length > 0) throw invalid('the header has another shape');
  const jws = parseCompact(token);
  if (jws.typ !== TYPE) throw invalid(`its type is not ${TYPE}`);
  const parsed = claimsSchema.safeParse(jws.claims);
  if (!parsed.success) throw invalid(`its claim ${parsed.error.issues[0]?.path.join('.') ?? ''} is missing or malformed`);
  const { iss, org, jti, exp } = parsed.data;
  return { clusterId: iss, organizationId: org, kid: jws.kid, jti, exp, claims: parsed.data, jws };
}

export interface ReceivedRequest {
  readonly audience: string;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  /** Seconds since 1970. */
  readonly now: number;
}

/**
 * Holds a token against the request that it came with and against the one key that its cluster has.
 * @throws MeshfleetError SIGNATURE_INVALID or REQUEST_EXPIRED
 */
export function verifyRequest(token: RequestToken, key: VerifyingKey, request: ReceivedRequest): void {
  checkSigner(token, key, isSignedBy(token.jws, key.publicKey));
  checkHead(token, request);
  verifyRequestBody(token, request.body);
}

export interface VerifyingKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/** {@link verifyRequest} before the body is read, as strangers' bodies need not be, and off the main thread. */
export async function verifyRequestHead(token: RequestToken, key: VerifyingKey, request: Omit<ReceivedRequest, 'body'>): Promise<void> {
  checkSigner(token, key, await isSignedByAsync(token.jws, key.publicKey));
  checkHead(token, request);
}

function checkSigner(token: RequestToken, key: VerifyingKey, signed: boolean): void {
  if (token.kid !== key.kid || !signed) throw invalid('it is not by the key of this cluster');
}

function checkHead({ claims }: RequestToken, request: Omit<ReceivedRequest, 'body'>): void {
  if (claims.aud !== request.audience) throw invalid(`it is for ${claims.aud}, and this is ${request.audience}`);
  if (claims.htm !== request.method) throw invalid('it is for another method');
  if (claims.htu !== request.path) throw invalid('it is for another path');
  checkFreshness(claims, request.now);
}

/** The rest of {@link verifyRequest}: the bytes on the wire. */
export function verifyRequestBody(token: RequestToken, body: Uint8Array): void {
  if (token.claims.bh !== sha256Base64Url(body)) throw invalid('it is for another body');
}

function invalid(why: string): MeshfleetError {
  return new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'The signature of the request does not hold', why, fix: 'Sign every request anew, for its own method, path, audience and body, with the key that the cluster enrolled with.' });
}
