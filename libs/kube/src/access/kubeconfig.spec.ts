import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubeconfigAccess } from './kubeconfig.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(user: string, cluster = ''): Promise<string> {
  const path = join(folder, 'config');
  await writeFile(
    path,
    `apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: k, user: u, namespace: n}\nclusters:\n- name: k\n  cluster:\n    server: https://127.0.0.1:6443/\n${cluster}users:\n- name: u\n  user:\n${user}`,
  );
  return path;
}

describe('a kubeconfig', () => {
  it('gives server, namespace and a bearer token', async () => {
    const access = await kubeconfigAccess(await write('    token: abc\n'));
    expect(access).toMatchObject({ server: 'https://127.0.0.1:6443', namespace: 'n' });
    expect(await access.credentials()).toMatchObject({ authorization: 'Bearer abc' });
  });

  it('reads a token file anew when the old token was refused', async () => {
    await writeFile(join(folder, 'token'), 'one\n');
    const access = await kubeconfigAccess(await write('    tokenFile: token\n'));
    expect((await access.credentials()).authorization).toBe('Bearer one');
    await writeFile(join(folder, 'token'), 'two\n');
    expect((await access.credentials()).authorization).toBe('Bearer one');
    expect((await access.credentials(true)).authorization).toBe('Bearer two');
  });

  it('runs an exec plugin once until its credentials expire, and again when they are refused', async () => {
    const log = join(folder, 'log');
    const script = `echo run >> ${log}; echo '{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2999-01-01T00:00:00Z"}}'`;
    const access = await kubeconfigAccess(await write(`    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: sh\n      args: ["-c", ${JSON.stringify(script)}]\n`));
    const { readFile } = await import('node:fs/promises');
    await Promise.all([access.credentials(), access.credentials()]);
    expect((await access.credentials()).authorization).toBe('Bearer t');
    expect(await readFile(log, 'utf8')).toBe('run\n');
    await access.credentials(true);
    expect(await readFile(log, 'utf8')).toBe('run\nrun\n');
  });

  it.each([
    ['    auth-provider: {name: gcp}\n', '', /exec plugin/],
    ['    token: x\n', '    proxy-url: http://p\n', /proxy-url/],
  ])('says plainly what it cannot use', async (user, cluster, words) => {
    await expect(kubeconfigAccess(await write(user, cluster))).rejects.toThrow(words);
  });

  it('says that a file is missing, is no YAML, or has no such context', async () => {
    await expect(kubeconfigAccess(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
    await writeFile(join(folder, 'bad'), '{[');
    await expect(kubeconfigAccess(join(folder, 'bad'))).rejects.toThrow(/not YAML/);
    await writeFile(join(folder, 'empty'), '');
    await expect(kubeconfigAccess(join(folder, 'empty'))).rejects.toThrow(/no context/);
  });
});
