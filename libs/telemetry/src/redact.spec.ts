import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactText } from './index.ts';

const b64 = fc.string({ unit: fc.constantFrom(...'ABCDEFGHIJabcdefghij0123456789-_'), minLength: 32, maxLength: 64 });

describe('redact', () => {
  it.each(['authorization', 'Authorization', 'set-cookie', 'joinToken', 'join_token', 'DATABASE_URL', 'private_envelope', 'clientSecret', 'kubeconfig'])(
    'hides the value of a field named %s, however deep',
    (name) => {
      expect(JSON.stringify(redact({ request: { headers: [{ [name]: 'x-very-secret-x' }] } }))).not.toContain('very-secret');
    },
  );

  it('hides tokens, JWTs, private keys and passwords wherever a text holds them', () => {
    fc.assert(
      fc.property(b64, fc.string(), fc.string(), (secret, before, after) => {
        const texts = [
          `mfj_${secret}`,
          `mfa_${secret}`,
          `eyJ${secret}.${secret}.${secret}`,
          `Bearer ${secret}`,
          `postgresql://user:${secret}@db/x`,
          `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
        ];
        for (const text of texts) {
          const clean = JSON.stringify(redact({ note: `${before} ${text} ${after}`, list: [{ deep: text }] }));
          expect(clean).not.toContain(secret);
        }
      }),
    );
  });

  it('hides the private part of a JSON Web Key and keeps the public one', () => {
    expect(redact({ kty: 'OKP', crv: 'Ed25519', x: 'public', d: 'p'.repeat(43) })).toEqual({ kty: 'OKP', crv: 'Ed25519', x: 'public', d: '[redacted]' });
  });

  it('keeps what is no secret: ids, counts, flags and times', () => {
    const at = new Date(0);
    const fields = { clusterId: 'c-1', tokens: 3, token: true, d: 5, at, path: '/agent/v1/state?have=abc', nothing: null };
    expect(redact(fields)).toEqual(fields);
  });

  it('writes an error with its causes, without the row values that a database error quotes', () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (hash)=(very-secret) already exists.' });
    const clean = redact({ err: new Error('failed at postgresql://u:very-secret@h/d', { cause }) });
    expect(clean).toMatchObject({ err: { message: 'failed at postgresql://u:[password]@h/d', cause: { code: '23505' } } });
    expect(JSON.stringify(clean)).not.toContain('very-secret');
  });

  it('survives circles, depth and bytes, and leaves its input alone', () => {
    const circle: Record<string, unknown> = { token: 'keep', key: new Uint8Array(3) };
    circle['self'] = circle;
    expect(redact(circle)).toEqual({ token: '[redacted]', key: '[3 bytes]', self: '[circular]' });
    expect(circle['token']).toBe('keep');
    fc.assert(fc.property(fc.anything(), (value) => void redact(value)));
    expect(redactText('nothing to hide')).toBe('nothing to hide');
  });
});
