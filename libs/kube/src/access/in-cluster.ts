import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { MeshfleetError } from '@meshfleet/model';
import type { ClusterAccess } from './cluster-access.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
// The kubelet replaces projected tokens at 80 % of their life, which is at least ten minutes; client-go reads the file once a minute.
const TOKEN_LIFE_MS = 60_000;

/** Access from within a pod: the mounted service account, whose token is read anew as the kubelet replaces it. */
export async function inClusterAccess(
  environment: NodeJS.ProcessEnv = process.env,
  directory: string = SERVICE_ACCOUNT,
  now: () => number = Date.now,
): Promise<ClusterAccess> {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined) {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: 'Neither KUBECONFIG nor a pod environment is present',
      why: 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this process does not run in a pod.',
      fix: 'Set KUBECONFIG to a kubeconfig file, or run in a cluster with a service account.',
    });
  }
  const readMounted = async (file: string): Promise<string> => {
    try {
      return (await readFile(join(directory, file), 'utf8')).trim();
    } catch (cause) {
      throw new MeshfleetError(
        { code: 'CONFIG_INVALID', summary: `Cannot read ${file} of the mounted service account`, fix: 'Leave automountServiceAccountToken on, or set KUBECONFIG.' },
        { cause },
      );
    }
  };
  const caPem = await readMounted('ca.crt');
  const namespace = await readMounted('namespace');
  let token = await readMounted('token');
  let readAt = now();
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    caPem,
    namespace,
    async credentials(renew = false) {
      if (renew || now() - readAt > TOKEN_LIFE_MS) {
        token = await readMounted('token');
        readAt = now();
      }
      return { authorization: `Bearer ${token}` };
    },
  };
}
