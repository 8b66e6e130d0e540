import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An issuer of tokens whose keys are known to nobody but this process. */
export interface TokenIssuer {
  readonly name: string;
  /** Its public keys, as a JSON Web Key Set. */
  readonly jwks: string;
  /** A token that is valid for so many seconds from now on; a negative number makes one that has expired. */
  token(claims: Readonly<Record<string, unknown>>, seconds?: number): Promise<string>;
}

export async function createIssuer(name: string): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = 'proof';
  return {
    name,
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }] }),
    token: (claims, seconds = 3_600) => {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).setIssuer(name).setSubject('proof').setIssuedAt(now - 600).setExpirationTime(now + seconds).sign(privateKey);
    },
  };
}
