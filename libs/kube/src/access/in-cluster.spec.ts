import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inClusterAccess } from './in-cluster.ts';
import { loadAccess } from './load-access.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-account-'));
  for (const [file, text] of Object.entries({ 'ca.crt': 'PEM\n', namespace: 'meshfleet-system\n', token: 'one\n' })) writeFileSync(join(folder, file), text);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

describe('access from within a pod', () => {
  it('is what the kubelet mounts and says', async () => {
    const access = await inClusterAccess(POD, folder);
    expect(access).toMatchObject({ server: 'https://10.96.0.1:443', caPem: 'PEM', namespace: 'meshfleet-system' });
    expect(await access.credentials()).toEqual({ authorization: 'Bearer one' });
  });

  it('writes IPv6 addresses as URLs have them', async () => {
    expect((await inClusterAccess({ ...POD, KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder)).server).toBe('https://[fd00::1]:443');
  });

  it('reads the token anew after a minute, and at once when it was refused', async () => {
    let now = 0;
    const access = await inClusterAccess(POD, folder, () => now);
    writeFileSync(join(folder, 'token'), 'two');
    expect(await access.credentials()).toEqual({ authorization: 'Bearer one' });
    expect(await access.credentials(true)).toEqual({ authorization: 'Bearer two' });
    writeFileSync(join(folder, 'token'), 'three');
    now = 60_001;
    expect(await access.credentials()).toEqual({ authorization: 'Bearer three' });
  });

  it('says what is missing, and never what a file holds', async () => {
    rmSync(join(folder, 'token'));
    await expect(inClusterAccess(POD, folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID', summary: 'Cannot read token of the mounted service account' });
    await expect(inClusterAccess({}, folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID', why: expect.stringContaining('KUBERNETES_SERVICE_HOST') as string });
  });
});

it('takes the first file of KUBECONFIG that exists, as kubectl does', async () => {
  const file = join(folder, 'config');
  const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }], clusters: [{ name: 'k', cluster: { server: 'https://example.test:6443' } }], users: [{ name: 'u', user: { token: 't' } }] };
  writeFileSync(file, JSON.stringify(config));
  expect((await loadAccess({ KUBECONFIG: `${join(folder, 'missing')}:${file}` })).server).toBe('https://example.test:6443');
});
