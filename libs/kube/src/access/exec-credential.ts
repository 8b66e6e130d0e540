import { MeshfleetError } from '@meshfleet/model';
import type { Credentials } from './cluster-access.ts';

/** The `exec` part of a kubeconfig user (client.authentication.k8s.io). */
export interface ExecConfig {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

const RUN_TIMEOUT_MS = 60_000;
// Renewed a little early, so that a request does not leave with credentials that die on the way.
const EARLY_MS = 10_000;

/** Credentials from a plugin (`aws eks get-token`, `gke-gcloud-auth-plugin`, …), kept until they expire. */
export function execCredentials(
  config: ExecConfig,
  cluster: { server: string; caPem?: string | undefined },
  now: () => number = Date.now,
): (renew?: boolean) => Promise<Credentials> {
  let held: { credentials: Credentials; expiresAt: number } | undefined;
  let running: Promise<Credentials> | undefined;
  const renewNow = async (): Promise<Credentials> => {
    const status = readStatus(await run(config, cluster), config);
    held = { credentials: status.credentials, expiresAt: status.expiresAt };
    return status.credentials;
  };
  return async (renew = false) => {
    if (!renew && held !== undefined && held.expiresAt - EARLY_MS > now()) return held.credentials;
    running ??= renewNow().finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function run(config: ExecConfig, cluster: { server: string; caPem?: string | undefined }): Promise<string> {
  const info = {
    apiVersion: config.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(config.provideClusterInfo === true
        ? { cluster: { server: cluster.server, ...(cluster.caPem === undefined ? {} : { 'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64') }) } }
        : {}),
    },
  };
  const env: NodeJS.ProcessEnv = { ...process.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  for (const { name, value } of config.env ?? []) env[name] = value;
  // Loaded here and not above: an agent in a pod runs no plugins, and the module brings half a megabyte with it.
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    execFile(config.command, [...(config.args ?? [])], { env, timeout: RUN_TIMEOUT_MS, maxBuffer: 1 << 20 }, (cause, stdout) => {
      // The plugin's own words (stderr) are not carried on: they may hold secrets.
      if (cause !== null) reject(failed(config, `${config.command} could not be run or ended with an error`, cause));
      else resolve(stdout);
    });
  });
}

function readStatus(stdout: string, config: ExecConfig): { credentials: Credentials; expiresAt: number } {
  let parsed: { status?: { token?: string; clientCertificateData?: string; clientKeyData?: string; expirationTimestamp?: string } };
  try {
    parsed = JSON.parse(stdout) as typeof parsed; // shape is checked by use: every field is optional
  } catch (cause) {
    throw failed(config, `${config.command} did not print an ExecCredential`, cause);
  }
  const status = parsed.status;
  if (status?.token === undefined && status?.clientCertificateData === undefined) throw failed(config, `${config.command} printed neither a token nor a certificate`);
  const expires = status.expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(status.expirationTimestamp);
  return {
    credentials: {
      authorization: status.token === undefined ? undefined : `Bearer ${status.token}`,
      clientCertPem: status.clientCertificateData,
      clientKeyPem: status.clientKeyData,
    },
    expiresAt: Number.isNaN(expires) ? 0 : expires,
  };
}

function failed(config: ExecConfig, why: string, cause?: unknown): MeshfleetError {
  return new MeshfleetError(
    { code: 'CONFIG_INVALID', summary: 'The credential plugin of the kubeconfig gave no credentials', why, fix: config.installHint ?? 'Run the plugin by hand and see what it says.' },
    { cause },
  );
}
