import { describe, expect, it } from 'vitest';
import { MeshfleetError } from '@meshfleet/model';
import { parseConfig } from './parse-config.ts';

const GOOD = {
  DATABASE_URL: 'postgres://u:p@db:5432/meshfleet',
  MESHFLEET_PUBLIC_URL: 'https://fleet.example.com/',
  MESHFLEET_KEY: Buffer.alloc(32, 7).toString('base64'),
  OIDC_ISSUER: 'https://issuer.example.com',
  OIDC_AUDIENCE: 'meshfleet',
};

describe('configuration', () => {
  it('has sensible defaults, and drops the slash at the end of the public URL', () => {
    expect(parseConfig(GOOD)).toMatchObject({ port: 8080, metricsPort: undefined, host: '0.0.0.0', publicUrl: 'https://fleet.example.com', signinLink: true, oidc: { issuer: 'https://issuer.example.com', audience: 'meshfleet' } });
  });

  it('serves metrics where it is told to', () => {
    expect([parseConfig({ ...GOOD, METRICS_PORT: '9464' }).metricsPort, parseConfig({ ...GOOD, METRICS_PORT: '' }).metricsPort]).toEqual([9464, undefined]);
  });

  it.each([
    ['DATABASE_URL', undefined],
    ['DATABASE_URL', 'mysql://x'],
    ['MESHFLEET_PUBLIC_URL', 'fleet.example.com'],
    ['PORT', '99999'],
    ['METRICS_PORT', '8080'],
    ['METRICS_PORT', 'many'],
    ['MESHFLEET_KEY', 'c2hvcnQ='],
    ['MESHFLEET_KEY', undefined],
    ['OIDC_AUDIENCE', undefined],
    ['OIDC_ISSUER', undefined],
    ['TLS_KEY_FILE', '/nowhere/key.pem'],
    ['SIGNIN_LINK', 'perhaps'],
  ])('says which variable is wrong and what to do: %s=%s', (name, value) => {
    try {
      parseConfig({ ...GOOD, [name]: value });
    } catch (error) {
      expect(error).toBeInstanceOf(MeshfleetError);
      const { code, summary, fix } = error as MeshfleetError;
      expect(code).toBe('CONFIG_INVALID');
      expect(`${summary} ${fix ?? ''}`).toContain(name === 'TLS_KEY_FILE' ? 'TLS_' : name);
      expect(`${summary} ${fix ?? ''}`).not.toContain('c2hvcnQ=');
      return;
    }
    expect.unreachable(`${name} was accepted`);
  });

  it('needs a key set where the issuer’s name is no address', () => {
    const urn = { ...GOOD, OIDC_ISSUER: 'urn:meshfleet:demo' };
    expect(() => parseConfig(urn)).toThrow('OIDC_JWKS_URL');
    expect(parseConfig({ ...urn, OIDC_JWKS_URL: 'http://127.0.0.1:1/keys' }).oidc?.jwksUrl).toBe('http://127.0.0.1:1/keys');
  });
});
