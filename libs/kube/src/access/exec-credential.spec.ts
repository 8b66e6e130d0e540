import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execCredentials, type ExecConfig } from './exec-credential.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-plugin-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A plugin that counts its runs in a file, and does what the script says with the count in `n`. */
function plugin(script: string, more: Partial<ExecConfig> = {}): ExecConfig {
  const file = join(folder, 'plugin.cjs');
  writeFileSync(file, `const fs = require('node:fs'); const count = ${JSON.stringify(join(folder, 'count'))};\nconst n = fs.existsSync(count) ? Number(fs.readFileSync(count)) + 1 : 1; fs.writeFileSync(count, String(n));\n${script}`);
  return { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [file], ...more };
}

const runs = (): number => Number(readFileSync(join(folder, 'count'), 'utf8'));
const prints = (status: string): string => `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: ${status} }));`;
const CLUSTER = { server: 'https://example.test', caPem: 'PEM' };

describe('credentials of a plugin', () => {
  it('are asked for once, also by many at a time, and kept until shortly before they expire', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const ask = execCredentials(plugin(prints("{ token: 't' + n, expirationTimestamp: '2026-01-01T01:00:00Z' }")), CLUSTER, () => now);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ authorization: 'Bearer t1' }) as unknown));
    now = Date.parse('2026-01-01T00:59:49Z');
    await ask();
    expect(runs()).toBe(1);
    now = Date.parse('2026-01-01T00:59:51Z');
    expect(await ask()).toMatchObject({ authorization: 'Bearer t2' });
  });

  it('are asked for anew when they were refused', async () => {
    const ask = execCredentials(plugin(prints("{ token: 't' + n }")), CLUSTER);
    await ask();
    expect(await ask(true)).toMatchObject({ authorization: 'Bearer t2' });
  });

  it('may be a certificate', async () => {
    const ask = execCredentials(plugin(prints("{ clientCertificateData: 'CERT', clientKeyData: 'KEY' }")), CLUSTER);
    expect(await ask()).toEqual({ authorization: undefined, clientCertPem: 'CERT', clientKeyPem: 'KEY' });
  });

  it('tell the plugin which cluster they are for, where it wants to know', async () => {
    const script = prints('{ token: Buffer.from(process.env.KUBERNETES_EXEC_INFO + process.env.REGION).toString("base64") }');
    const ask = execCredentials(plugin(script, { provideClusterInfo: true, env: [{ name: 'REGION', value: 'eu' }] }), CLUSTER);
    const { authorization = '' } = await ask();
    const seen = Buffer.from(authorization.slice('Bearer '.length), 'base64').toString();
    expect(seen.endsWith('eu')).toBe(true);
    expect(JSON.parse(seen.slice(0, -2))).toMatchObject({ spec: { interactive: false, cluster: { server: CLUSTER.server, 'certificate-authority-data': Buffer.from('PEM').toString('base64') } } });
  });

  it.each([
    ['ends with an error', 'console.error("secret-word"); process.exit(3);', 'could not be run or ended with an error'],
    ['prints no JSON', 'console.log("secret-word");', 'did not print an ExecCredential'],
    ['prints nothing of use', prints('{}'), 'printed neither a token nor a certificate'],
  ])('fail with the hint of the kubeconfig when the plugin %s, without its words', async (_case, script, why) => {
    const failure = await execCredentials(plugin(script, { installHint: 'Install the plugin.' }), CLUSTER)().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', why: expect.stringContaining(why) as string, fix: 'Install the plugin.' });
    expect(JSON.stringify(failure)).not.toContain('secret-word');
  });
});
