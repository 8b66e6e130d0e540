import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { ClusterAccess } from './cluster-access.ts';
import { inClusterAccess } from './in-cluster.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

/** Access as the environment has it: the first existing file of KUBECONFIG, else the service account of the pod. */
export async function loadAccess(environment: NodeJS.ProcessEnv = process.env): Promise<ClusterAccess> {
  const files = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const file = files.find((candidate) => existsSync(candidate)) ?? files[0];
  return file === undefined ? inClusterAccess(environment) : kubeconfigAccess(file);
}
