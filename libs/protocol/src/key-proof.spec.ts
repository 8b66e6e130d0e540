import { generateKeyPairSync } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { publicSealJwk, publicSignJwk, signKeySchema, thumbprint } from './jwk.ts';
import { signEnrolmentProof, signRotationProof, verifyEnrolmentProof, verifyRotationProof } from './key-proof.ts';

const NOW = 1_795_000_000;
const privateKey = generateKeyPairSync('ed25519').privateKey;
const signKey = publicSignJwk(privateKey);
const key = { kid: thumbprint(signKey), privateKey };
const other = publicSignJwk(generateKeyPairSync('ed25519').privateKey);
const sealKey = publicSealJwk(generateKeyPairSync('x25519').privateKey);
const otherSeal = publicSealJwk(generateKeyPairSync('x25519').privateKey);
const jti = 'once-and-never-again';

const enrolment = { audience: 'https://fleet.example', clusterUid: 'uid-1', joinToken: 'mfj_x', sealKey, now: NOW };
const rotation = { audience: 'https://fleet.example', clusterId: '0198f000-0000-7000-8000-00000000000a', sealKey, now: NOW };

describe('the proof of enrolment', () => {
  const proof = signEnrolmentProof(key, { ...enrolment, jti });

  it('holds for what it was made for', () => {
    expect(codeOf(() => verifyEnrolmentProof(proof, signKey, enrolment))).toBe('holds');
  });

  it.each([
    ['hub', { audience: 'https://evil.example' }, 'SIGNATURE_INVALID'],
    ['cluster', { clusterUid: 'uid-2' }, 'SIGNATURE_INVALID'],
    ['join token', { joinToken: 'mfj_y' }, 'SIGNATURE_INVALID'],
    ['sealing key', { sealKey: otherSeal }, 'SIGNATURE_INVALID'],
    ['hour', { now: NOW + 3600 }, 'REQUEST_EXPIRED'],
  ])('does not hold for another %s', (_, changes, code) => {
    expect(codeOf(() => verifyEnrolmentProof(proof, signKey, { ...enrolment, ...changes }))).toBe(code);
  });

  it('does not hold for a key that is only copied', () => {
    expect(codeOf(() => verifyEnrolmentProof(proof, other, enrolment))).toBe('SIGNATURE_INVALID');
  });

  it('is no proof of rotation, nor the reverse', () => {
    expect(codeOf(() => verifyRotationProof(proof, signKey, rotation))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => verifyEnrolmentProof(signRotationProof(key, { ...rotation, jti }), signKey, enrolment))).toBe('SIGNATURE_INVALID');
  });
});

describe('the proof of rotation', () => {
  const proof = signRotationProof(key, { ...rotation, jti });

  it('holds for its cluster alone', () => {
    expect(codeOf(() => verifyRotationProof(proof, signKey, rotation))).toBe('holds');
    const elsewhere = { ...rotation, clusterId: '0198f000-0000-7000-8000-00000000000b' };
    expect(codeOf(() => verifyRotationProof(proof, signKey, elsewhere))).toBe('SIGNATURE_INVALID');
  });
});

describe('a public key', () => {
  it('has the thumbprint of RFC 8037, appendix A.3', () => {
    const example = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
    expect(thumbprint(example)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('is refused when its private half comes with it', () => {
    expect(signKeySchema.safeParse(privateKey.export({ format: 'jwk' })).success).toBe(false);
  });
});

function codeOf(work: () => void): string {
  try {
    work();
    return 'holds';
  } catch (error) {
    return error instanceof MeshfleetError ? error.code : String(error);
  }
}
