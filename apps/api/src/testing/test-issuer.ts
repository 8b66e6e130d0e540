import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const AUDIENCE = 'meshfleet-tests';
type Algorithm = 'RS256' | 'ES256' | 'EdDSA';

/** An OpenID Connect issuer as far as the API sees one: discovery, key set, tokens; it can rotate its key and go down. */
export interface TestIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** How often the key set was fetched. */
  readonly fetches: number;
  sign(claims: JWTPayload & { sub?: string }, options?: { issuer?: string; audience?: string; expiresIn?: number; alg?: Algorithm }): Promise<string>;
  rotate(): Promise<void>;
  setDown(down: boolean): void;
  stop(): Promise<void>;
}

export async function startTestIssuer(): Promise<TestIssuer> {
  let keys = await makeKeys();
  let down = false;
  let fetches = 0;
  const server = createServer((request, response) => {
    if (down) {
      response.writeHead(500).end();
      return;
    }
    if (request.url === '/.well-known/openid-configuration') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer: issuer(), jwks_uri: `${issuer()}/keys` }));
      return;
    }
    fetches += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [...keys.values()].map((key) => key.publicJwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = (): string => `http://127.0.0.1:${port}`;
  return {
    issuer: issuer(),
    jwksUrl: `${issuer()}/keys`,
    get fetches() {
      return fetches;
    },
    async sign(claims, { alg = 'ES256', expiresIn = 600, ...given } = {}) {
      const key = keys.get(alg);
      return new SignJWT(claims)
        .setProtectedHeader({ alg, kid: key?.kid ?? '' })
        .setIssuer(given.issuer ?? issuer())
        .setAudience(given.audience ?? AUDIENCE)
        .setSubject(claims.sub ?? 'ada')
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
        .sign(key?.privateKey as CryptoKey); // every algorithm has one
    },
    async rotate() {
      keys = await makeKeys();
    },
    setDown(value) {
      down = value;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function makeKeys() {
  const keys = new Map<Algorithm, { kid: string; privateKey: CryptoKey; publicJwk: object }>();
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = randomUUID();
    keys.set(alg, { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } });
  }
  return keys;
}
