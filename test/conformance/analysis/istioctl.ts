import { binaryPath, PARTS } from '@meshfleet/cluster-real';
import { startSimulatedCluster } from '@meshfleet/cluster-sim';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `IST0101 VirtualService shop/reviews`: a code and an origin, as istioctl writes it. */
export type Verdict = string;

/**
 * What `istioctl analyze` finds in these objects. Namespaces, services and workloads stand in a simulated cluster, whose
 * controllers make their pods; mesh configuration comes from a file, as a user would check it before applying it.
 */
export async function istioctlVerdicts(objects: readonly KubeObject[]): Promise<ReadonlySet<Verdict>> {
  const isMesh = ({ apiVersion }: KubeObject): boolean => apiVersion.includes('.');
  const cluster = await startSimulatedCluster({
    crds: [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions('experimental')],
    objects: objects.filter((object) => !isMesh(object)),
  });
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-analyze-'));
  try {
    await cluster.settle();
    const [kubeconfig, file] = [join(folder, 'kubeconfig'), join(folder, 'mesh.yaml')];
    writeFileSync(kubeconfig, cluster.kubeconfig());
    writeFileSync(file, objects.filter(isMesh).map((object) => JSON.stringify(object)).join('\n---\n'));
    // It exits with 79 when it finds errors, which is what it is asked for.
    const answer = await run(binaryPath(PARTS['istio-1.29'], 'istioctl'), ['analyze', '--all-namespaces', '--kubeconfig', kubeconfig, '--output', 'json', file]).catch((failure: { stdout: string; stderr: string }) => failure);
    const findings = JSON.parse(answer.stdout.slice(answer.stdout.indexOf('['))) as readonly { readonly code: string; readonly origin: string }[];
    return new Set(findings.map(({ code, origin }) => `${code} ${origin}`));
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
