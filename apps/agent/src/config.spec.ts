import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const GOOD = { MESHFLEET_URL: 'https://hub.example.com/' };

describe('the environment', () => {
  it('needs the hub\'s URL alone, and drops the slash at its end', () => {
    expect(readConfig(GOOD)).toMatchObject({ hubUrl: 'https://hub.example.com', namespace: 'meshfleet-system', port: 8081, logLevel: 'info', joinToken: undefined });
  });

  it('takes an empty variable for none', () => {
    expect(readConfig({ ...GOOD, MESHFLEET_JOIN_TOKEN: '', MESHFLEET_CA_FILE: '', PORT: '' })).toMatchObject({ joinToken: undefined, port: 8081 });
  });

  it.each([
    ['MESHFLEET_URL', 'hub.example.com'],
    ['MESHFLEET_URL', 'ftp://x'],
    ['MESHFLEET_URL', 'https://user:secret-password@x'],
    ['MESHFLEET_JOIN_TOKEN', 'mfa_secret-password'],
    ['MESHFLEET_CLUSTER_NAME', 'Not A Label'],
    ['PORT', '70000'],
    ['LOG_LEVEL', 'loud'],
    ['MESHFLEET_CA_FILE', '/nowhere/secret-password.pem'],
  ])('names %s when its value is wrong, and says what to do', (name, value) => {
    let thrown: unknown;
    try {
      readConfig({ ...GOOD, [name]: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', summary: expect.stringContaining(name) as string });
    expect((thrown as { fix?: string }).fix).toBeTruthy();
    if (name !== 'MESHFLEET_CA_FILE') expect(JSON.stringify(thrown)).not.toContain('secret-password');
  });
});
