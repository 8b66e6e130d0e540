import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Vault } from '../seam.ts';
import { createServiceAccountTokens } from './service-account-tokens.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const NOW = 1_800_000_000;
const CLAIMS = { namespace: 'shop', serviceAccount: { name: 'web', uid: 'u-1' }, audiences: ['istio-ca'], expiresAt: NOW + 600 };

function memoryVault(): Vault {
  const entries = new Map<string, string>();
  return { get: (key) => entries.get(key), set: (key, value) => void entries.set(key, value) };
}

describe('service-account tokens', () => {
  it('carries what Kubernetes puts into them', async () => {
    const token = await createServiceAccountTokens(ISSUER, memoryVault()).sign({ ...CLAIMS, bound: { kind: 'Pod', name: 'web-1', uid: 'p-1' } }, NOW);
    expect(decodeJwt(token)).toMatchObject({
      iss: ISSUER, sub: 'system:serviceaccount:shop:web', aud: ['istio-ca'], exp: NOW + 600, iat: NOW, nbf: NOW,
      'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u-1' }, pod: { name: 'web-1', uid: 'p-1' } },
    });
  });

  it('proves its own tokens, until the second in which they expire', async () => {
    const tokens = createServiceAccountTokens(ISSUER, memoryVault());
    const token = await tokens.sign(CLAIMS, NOW);
    expect(await tokens.verify(token, NOW + 1)).toMatchObject(CLAIMS);
    expect(await tokens.verify(token, NOW + 599)).toMatchObject(CLAIMS);
    expect(await tokens.verify(token, NOW + 600)).toBeUndefined();
  });

  it('refuses tokens of another cluster, another issuer, and what is no token', async () => {
    const vault = memoryVault();
    const tokens = createServiceAccountTokens(ISSUER, vault);
    const foreign = await createServiceAccountTokens(ISSUER, memoryVault()).sign(CLAIMS, NOW);
    const otherIssuer = await createServiceAccountTokens('https://elsewhere.example.com', vault).sign(CLAIMS, NOW);
    for (const token of [foreign, otherIssuer, 'x', 'a.b.c', '']) expect(await tokens.verify(token, NOW)).toBeUndefined();
  });

  it('refuses a token that was changed anywhere', async () => {
    const tokens = createServiceAccountTokens(ISSUER, memoryVault());
    const token = await tokens.sign(CLAIMS, NOW);
    const [head = '', body = '', signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'system:serviceaccount:kube-system:admin' })).toString('base64url');
    expect(await tokens.verify([head, forged, signature].join('.'), NOW)).toBeUndefined();
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await tokens.verify([unsigned, body, ''].join('.'), NOW)).toBeUndefined();
  });

  it('keeps its key in the vault, so that tokens outlive a restart', async () => {
    const vault = memoryVault();
    const token = await createServiceAccountTokens(ISSUER, vault).sign(CLAIMS, NOW);
    expect(await createServiceAccountTokens(ISSUER, vault).verify(token, NOW)).toMatchObject({ namespace: 'shop' });
  });

  it('publishes the public half alone', async () => {
    const { keys } = (await createServiceAccountTokens(ISSUER, memoryVault()).jwks()) as { keys: Record<string, unknown>[] };
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(keys[0]).not.toHaveProperty('d');
  });
});
