import { MeshfleetError } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from './kubectl.ts';

const ESTABLISHED_WITHIN_MS = 30_000;

/**
 * Waits until the API server serves every kind that is defined. Not `kubectl wait`: it fails on a definition that is so new
 * that it has no conditions.
 * @throws KUBERNETES_UNREACHABLE with the names of those that are not served.
 */
export async function waitForDefinitions(kubeconfigFile: string): Promise<void> {
  const deadline = performance.now() + ESTABLISHED_WITHIN_MS;
  for (;;) {
    // Definitions of apiextensions.k8s.io/v1.
    const { items } = JSON.parse(await kubectl(kubeconfigFile, ['get', 'crd', '-o', 'json'])) as {
      items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] | null } }[];
    };
    const left = items.filter(({ status }) => status?.conditions?.some(({ type, status: holds }) => type === 'Established' && holds === 'True') !== true);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new MeshfleetError({ code: 'KUBERNETES_UNREACHABLE', summary: `Not served within ${ESTABLISHED_WITHIN_MS / 1000} s: ${left.map(({ metadata }) => metadata.name).join(', ')}` });
    }
    await sleep(100);
  }
}
