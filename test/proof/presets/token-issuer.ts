import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';

/** An issuer of tokens with one key, which is known to nobody but this process. */
export interface TokenIssuer {
  readonly name: string;
  readonly publicKey: JWK;
  /** A token that is valid for so many seconds from now on; a negative number makes one that has expired. */
  token(claims: Readonly<Record<string, unknown>>, seconds?: number): Promise<string>;
}

export async function createIssuer(name: string, kid = 'proof'): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  return {
    name,
    publicKey: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' },
    token: (claims, seconds = 3_600) => {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).setIssuer(name).setSubject('proof').setIssuedAt(now - 600).setExpirationTime(now + seconds).sign(privateKey);
    },
  };
}

/** The keys that an issuer publishes, as a JSON Web Key Set: of its own and of others that bear its name. */
export function keySet(...issuers: readonly TokenIssuer[]): string {
  return JSON.stringify({ keys: issuers.map(({ publicKey }) => publicKey) });
}
