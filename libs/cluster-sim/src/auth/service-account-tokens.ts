import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@meshfleet/model';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importJWK, importPKCS8, jwtVerify, SignJWT } from 'jose';
import type { Vault } from '../seam.ts';

const ALGORITHM = 'ES256';
const VAULT_KEY = 'service-account-signing-key';

/** What the token is bound to beside its service account: it dies with that object. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly bound?: BoundObject;
  readonly audiences: readonly string[];
  /** Absent on tokens of `kubernetes.io/service-account-token` Secrets, which do not expire. */
  readonly expiresAt?: number;
  readonly id?: string;
}

export interface ServiceAccountTokens {
  sign(claims: Omit<TokenClaims, 'id'>, issuedAt: number): Promise<string>;
  /** The claims of a token that this cluster signed and that is not expired; undefined for everything else. */
  verify(token: string, now: number): Promise<TokenClaims | undefined>;
  jwks(): Promise<JsonObject>;
}

/** Signs and verifies the JWTs of service accounts. The key is kept in the vault, so that tokens outlive a restart. */
export function createServiceAccountTokens(issuer: string, vault: Vault): ServiceAccountTokens {
  let keys: Promise<{ privateKey: CryptoKey; publicKey: CryptoKey; jwk: JWK }> | undefined;
  const loadKeys = () => (keys ??= openKeys(vault));
  const verified = new Map<string, TokenClaims>();

  return {
    async sign(claims, issuedAt) {
      const { privateKey, jwk } = await loadKeys();
      const token = new SignJWT({ 'kubernetes.io': kubernetesClaim(claims) })
        .setProtectedHeader({ alg: ALGORITHM, kid: jwk.kid ?? '' })
        .setIssuer(issuer)
        .setSubject(`system:serviceaccount:${claims.namespace}:${claims.serviceAccount.name}`)
        .setAudience([...claims.audiences])
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setJti(randomUUID());
      return (claims.expiresAt === undefined ? token : token.setExpirationTime(claims.expiresAt)).sign(privateKey);
    },
    async verify(token, now) {
      const known = verified.get(token);
      if (known) return known.expiresAt !== undefined && known.expiresAt <= now ? undefined : known;
      if (token.split('.').length !== 3) return undefined;
      const { publicKey } = await loadKeys();
      try {
        const { payload } = await jwtVerify(token, publicKey, { issuer, algorithms: [ALGORITHM], currentDate: new Date(now * 1000) });
        const claims = readClaims(payload);
        // Signature checks cost a tenth of a millisecond each; agents send the same token with every request.
        if (claims && verified.size < 1000) verified.set(token, claims);
        return claims;
      } catch {
        return undefined;
      }
    },
    async jwks() {
      const { jwk } = await loadKeys();
      return { keys: [{ ...jwk, use: 'sig', alg: ALGORITHM } as JsonObject] };
    },
  };
}

async function openKeys(vault: Vault): Promise<{ privateKey: CryptoKey; publicKey: CryptoKey; jwk: JWK }> {
  const stored = vault.get(VAULT_KEY);
  const privateKey = stored === undefined ? (await generateKeyPair(ALGORITHM, { extractable: true })).privateKey : await importPKCS8(stored, ALGORITHM, { extractable: true });
  if (stored === undefined) vault.set(VAULT_KEY, await exportPKCS8(privateKey));
  const { d: _private, ...jwk } = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  // jose types an imported JWK as key or bytes; an EC JWK always becomes a key.
  const publicKey = (await importJWK(jwk, ALGORITHM)) as CryptoKey;
  return { privateKey, publicKey, jwk: { ...jwk, kid } };
}

function kubernetesClaim(claims: Omit<TokenClaims, 'id'>): JsonObject {
  const bound = claims.bound;
  return {
    namespace: claims.namespace,
    serviceaccount: { ...claims.serviceAccount },
    ...(bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
  };
}

function readClaims(payload: JWTPayload): TokenClaims | undefined {
  const own = payload['kubernetes.io'] as Record<string, unknown> | undefined;
  const account = own?.['serviceaccount'] as { name?: string; uid?: string } | undefined;
  const namespace = own?.['namespace'];
  if (typeof namespace !== 'string' || account?.name === undefined || account.uid === undefined) return undefined;
  const bound = readBound(own);
  return {
    namespace,
    serviceAccount: { name: account.name, uid: account.uid },
    audiences: typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? []),
    ...(bound === undefined ? {} : { bound }),
    ...(payload.exp === undefined ? {} : { expiresAt: payload.exp }),
    ...(payload.jti === undefined ? {} : { id: payload.jti }),
  };
}

function readBound(own: Record<string, unknown> | undefined): BoundObject | undefined {
  for (const kind of ['Pod', 'Secret', 'Node'] as const) {
    const reference = own?.[kind.toLowerCase()] as { name?: string; uid?: string } | undefined;
    if (reference?.name !== undefined && reference.uid !== undefined) return { kind, name: reference.name, uid: reference.uid };
  }
  return undefined;
}
