import { generateKeyPairSync } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import { decodeProtectedHeader, importJWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { sha256Base64Url } from './sha256.ts';
import { importPublicKey, publicSignJwk, thumbprint } from './jwk.ts';
import { readRequestToken, signRequest, verifyRequest } from './request-signature.ts';
import type { ReceivedRequest, SignRequest } from './request-signature.ts';

const NOW = 1_795_000_000;
const { privateKey } = generateKeyPairSync('ed25519');
const jwk = publicSignJwk(privateKey);
const kid = thumbprint(jwk);
const known = { kid, publicKey: importPublicKey(jwk) };
const body = Buffer.from('{"seq":1}');

const request: SignRequest = {
  key: { kid, privateKey },
  clusterId: '0198f000-0000-7000-8000-00000000000a',
  organizationId: '0198f000-0000-7000-8000-000000000001',
  audience: 'https://fleet.example',
  method: 'POST',
  path: '/agent/v1/report?x=1',
  body,
  now: NOW,
  jti: 'once-and-never-again',
};
const received: ReceivedRequest = { audience: 'https://fleet.example', method: 'POST', path: '/agent/v1/report?x=1', body, now: NOW };

function verdict(header: string | undefined, changes: Partial<ReceivedRequest> = {}, key = known): string {
  try {
    verifyRequest(readRequestToken(header), key, { ...received, ...changes });
    return 'taken';
  } catch (error) {
    return error instanceof MeshfleetError ? error.code : String(error);
  }
}

describe('a signed request', () => {
  const header = signRequest(request);
  const [, token = ''] = header.split(' ');

  it('is taken as it was signed', () => {
    expect(verdict(header)).toBe('taken');
    expect(readRequestToken(header)).toMatchObject({ clusterId: request.clusterId, organizationId: request.organizationId, kid, jti: request.jti });
  });

  it('is a JWT that other implementations take, and theirs are taken here', async () => {
    const verified = await jwtVerify(token, await importJWK(jwk, 'EdDSA'), { audience: request.audience, currentDate: new Date(NOW * 1000) });
    expect(verified.payload).toMatchObject({ iss: request.clusterId, htm: 'POST', bh: sha256Base64Url(body) });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid, typ: 'meshfleet-agent+jwt' });
    const theirs = await new SignJWT(verified.payload).setProtectedHeader({ alg: 'EdDSA', kid, typ: 'meshfleet-agent+jwt' }).sign(privateKey);
    expect(verdict(`Meshfleet ${theirs}`)).toBe('taken');
  });

  it.each<[string, Partial<ReceivedRequest>]>([
    ['method', { method: 'GET' }],
    ['path', { path: '/agent/v1/keys' }],
    ['query', { path: '/agent/v1/report?x=2' }],
    ['body', { body: Buffer.from('{"seq":2}') }],
    ['body left out', { body: new Uint8Array() }],
    ['audience', { audience: 'https://other.example' }],
  ])('does not hold for another %s', (_, changes) => {
    expect(verdict(header, changes)).toBe('SIGNATURE_INVALID');
  });

  it.each([
    [-121, 'REQUEST_EXPIRED'],
    [-61, 'REQUEST_EXPIRED'],
    [-60, 'taken'],
    [0, 'taken'],
    [60, 'taken'],
    [120, 'taken'],
    [121, 'REQUEST_EXPIRED'],
    [86_400, 'REQUEST_EXPIRED'],
  ])('received %i s after it was made: %s', (late, expected) => {
    expect(verdict(header, { now: NOW + late })).toBe(expected);
  });

  it('may not claim a longer life', async () => {
    const claims = { ...readRequestToken(header).claims, exp: NOW + 3600 };
    const long = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid, typ: 'meshfleet-agent+jwt' }).sign(privateKey);
    expect(verdict(`Meshfleet ${long}`)).toBe('REQUEST_EXPIRED');
  });

  it('is refused by every key but its own', () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const otherJwk = publicSignJwk(other);
    expect(verdict(header, {}, { kid: thumbprint(otherJwk), publicKey: importPublicKey(otherJwk) })).toBe('SIGNATURE_INVALID');
    expect(verdict(signRequest({ ...request, key: { kid, privateKey: other } }))).toBe('SIGNATURE_INVALID');
  });

  const [head = '', claims = '', tail = ''] = token.split('.');
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each<[string, string | undefined, string]>([
    ['nothing', undefined, 'UNAUTHENTICATED'],
    ['another scheme', `Bearer ${token}`, 'UNAUTHENTICATED'],
    ['no token', 'Meshfleet', 'SIGNATURE_INVALID'],
    ['two tokens', `Meshfleet ${token} ${token}`, 'SIGNATURE_INVALID'],
    ['a cut token', `Meshfleet ${token.slice(0, -30)}`, 'SIGNATURE_INVALID'],
    ['no signature', `Meshfleet ${head}.${claims}.`, 'SIGNATURE_INVALID'],
    ['algorithm none', `Meshfleet ${encode({ alg: 'none', kid, typ: 'meshfleet-agent+jwt' })}.${claims}.`, 'SIGNATURE_INVALID'],
    ['algorithm HS256', `Meshfleet ${encode({ alg: 'HS256', kid, typ: 'meshfleet-agent+jwt' })}.${claims}.${tail}`, 'SIGNATURE_INVALID'],
    ['a critical header', `Meshfleet ${encode({ alg: 'EdDSA', kid, typ: 'meshfleet-agent+jwt', crit: ['x'] })}.${claims}.${tail}`, 'SIGNATURE_INVALID'],
    ['another type of token', `Meshfleet ${encode({ alg: 'EdDSA', kid, typ: 'meshfleet-enroll+jwt' })}.${claims}.${tail}`, 'SIGNATURE_INVALID'],
    ['claims that are an array', `Meshfleet ${head}.${encode([])}.${tail}`, 'SIGNATURE_INVALID'],
    ['claims without a cluster', `Meshfleet ${head}.${encode({})}.${tail}`, 'SIGNATURE_INVALID'],
    ['a token of a megabyte', `Meshfleet ${head}.${'A'.repeat(1_000_000)}.${tail}`, 'SIGNATURE_INVALID'],
  ])('is refused with %s', (_, given, expected) => {
    expect(verdict(given)).toBe(expected);
  });
});
