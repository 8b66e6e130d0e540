import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The demo's own OpenID Connect issuer: a key pair, its JWKS over HTTP, and tokens for whoever is asked for. */
export interface DemoIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  token(person: DemoPerson, expiresInSeconds?: number): Promise<string>;
  stop(): Promise<void>;
}

export interface DemoPerson {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
}

/** A name, not an address: it stays the same when the port changes, so that memberships survive a restart. */
const ISSUER = 'urn:meshfleet:demo-issuer';
const AUDIENCE = 'meshfleet';

export async function startIssuer(dataDir: string): Promise<DemoIssuer> {
  const { privateKey, publicJwk } = await loadOrCreateKey(join(dataDir, 'issuer.pem'));
  const body = JSON.stringify({ keys: [publicJwk] });
  const server = createServer((request, response) => {
    if (request.url !== '/.well-known/jwks.json') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo; the other forms are for pipes and closed servers.
  const { port } = server.address() as AddressInfo;
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUrl: `http://127.0.0.1:${port}/.well-known/jwks.json`,
    token: (person, expiresInSeconds = 12 * 3600) =>
      new SignJWT({ email: person.email, name: person.name })
        .setProtectedHeader({ alg: 'ES256', kid: publicJwk.kid ?? '' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(person.subject)
        .setIssuedAt()
        .setJti(randomUUID())
        .setExpirationTime(`${expiresInSeconds}s`)
        .sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function loadOrCreateKey(file: string): Promise<{ privateKey: CryptoKey; publicJwk: JWK }> {
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    writeFileSync(file, await exportPKCS8(privateKey), { mode: 0o600 });
  }
  const privateKey = await importPKCS8(readFileSync(file, 'utf8'), 'ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(privateKey);
  const kid = createHash('sha256').update(`${x}.${y}`).digest('base64url').slice(0, 16);
  return { privateKey, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } as JWK };
}
