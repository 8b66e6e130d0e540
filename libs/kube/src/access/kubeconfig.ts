import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { MeshfleetError } from '@meshfleet/model';
import type { ClusterAccess, Credentials } from './cluster-access.ts';
import type { ExecConfig } from './exec-credential.ts';
import { execCredentials } from './exec-credential.ts';

interface Named<K extends string, T> {
  readonly entries?: readonly ({ readonly name: string } & { readonly [key in K]: T })[];
}
interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}
interface UserEntry {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecConfig;
  readonly 'auth-provider'?: { readonly name?: string };
}
interface KubeconfigFile {
  readonly 'current-context'?: string;
  readonly contexts?: Named<'context', { readonly cluster?: string; readonly user?: string; readonly namespace?: string }>['entries'];
  readonly clusters?: Named<'cluster', ClusterEntry>['entries'];
  readonly users?: Named<'user', UserEntry>['entries'];
}

const TOKEN_FILE_LIFE_MS = 60_000;

/** Access by the current context of a kubeconfig file: tokens, token files, client certificates, basic auth and `exec` plugins. */
export async function kubeconfigAccess(path: string, options: { context?: string } = {}): Promise<ClusterAccess> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(path, 'the file cannot be read', cause);
  }
  return accessFromKubeconfig(text, { ...options, path });
}

/** The same from the text itself; relative paths inside it are taken from the folder of `path`. */
export async function accessFromKubeconfig(text: string, options: { context?: string; path?: string } = {}): Promise<ClusterAccess> {
  const path = options.path ?? 'kubeconfig';
  // Loaded here and not above: an agent in a pod needs no YAML, and 2 MB less of memory.
  const { parse } = await import('yaml');
  let file: KubeconfigFile | null;
  try {
    file = parse(text) as KubeconfigFile | null; // every field is optional and checked before use
  } catch (cause) {
    throw invalid(path, 'it is not YAML', cause);
  }
  const contextName = options.context ?? file?.['current-context'];
  const context = file?.contexts?.find((entry) => entry.name === contextName)?.context;
  if (context === undefined) throw invalid(path, `it has no context "${contextName ?? ''}"`);
  const cluster = file?.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster?.server === undefined) throw invalid(path, `it has no cluster "${context.cluster ?? ''}" with a server`);
  if (cluster['proxy-url'] !== undefined) throw invalid(path, 'proxy-url is not supported');
  const user = file?.users?.find((entry) => entry.name === context.user)?.user ?? {};
  if (user['auth-provider'] !== undefined) throw invalid(path, `the auth-provider "${user['auth-provider'].name ?? ''}" was removed from Kubernetes in 1.26; use an exec plugin`);
  const base = dirname(path);
  const caPem = await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], base, path);
  const server = cluster.server.replace(/\/+$/, '');
  return {
    server,
    caPem,
    tlsServerName: cluster['tls-server-name'],
    skipTlsVerify: cluster['insecure-skip-tls-verify'],
    namespace: context.namespace,
    credentials: await credentialsOf(user, { server, caPem }, base, path),
  };
}

async function credentialsOf(user: UserEntry, cluster: { server: string; caPem: string | undefined }, base: string, path: string): Promise<ClusterAccess['credentials']> {
  const clientCertPem = await pem(user['client-certificate-data'], user['client-certificate'], base, path);
  const clientKeyPem = await pem(user['client-key-data'], user['client-key'], base, path);
  const certificate = { clientCertPem, clientKeyPem };
  if (user.exec !== undefined && user.exec !== null) {
    const fromPlugin = execCredentials(user.exec, cluster);
    return async (renew) => ({ ...certificate, ...dropUndefined(await fromPlugin(renew)) });
  }
  // As in client-go, a token file wins over a token given beside it.
  if (user.tokenFile !== undefined) return tokenFile(resolve(base, user.tokenFile), certificate, path);
  if (user.token !== undefined) {
    const authorization = `Bearer ${user.token}`;
    return () => Promise.resolve({ ...certificate, authorization });
  }
  if (user.username !== undefined && user.password !== undefined) {
    const authorization = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
    return () => Promise.resolve({ ...certificate, authorization });
  }
  return () => Promise.resolve(certificate);
}

function tokenFile(file: string, certificate: Credentials, path: string): ClusterAccess['credentials'] {
  let held: { token: string; readAt: number } | undefined;
  return async (renew = false) => {
    if (renew || held === undefined || Date.now() - held.readAt > TOKEN_FILE_LIFE_MS) {
      try {
        held = { token: (await readFile(file, 'utf8')).trim(), readAt: Date.now() };
      } catch (cause) {
        throw invalid(path, 'its tokenFile cannot be read', cause);
      }
    }
    return { ...certificate, authorization: `Bearer ${held.token}` };
  };
}

async function pem(data: string | undefined, file: string | undefined, base: string, path: string): Promise<string | undefined> {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  if (file === undefined || file === '') return undefined;
  try {
    return await readFile(resolve(base, file), 'utf8');
  } catch (cause) {
    throw invalid(path, `the file ${file} that it names cannot be read`, cause);
  }
}

function dropUndefined(credentials: Credentials): Credentials {
  return Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined));
}

const resolve = (base: string, file: string): string => (isAbsolute(file) ? file : join(base, file));

function invalid(path: string, why: string, cause?: unknown): MeshfleetError {
  return new MeshfleetError(
    { code: 'CONFIG_INVALID', summary: `The kubeconfig ${path} cannot be used: ${why}`, fix: 'Point KUBECONFIG at a file that `kubectl --kubeconfig <file> get namespaces` can use.' },
    { cause },
  );
}
