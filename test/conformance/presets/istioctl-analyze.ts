import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binaryPath, PARTS } from '@meshfleet/cluster-real';
import type { IstioMinor } from '@meshfleet/cluster-real';
import { formatManifests } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';

const messages = z.array(z.object({ code: z.string(), level: z.string(), message: z.string(), origin: z.string() }));

const run = promisify(execFile);

/**
 * What `istioctl analyze` says of objects: `IST0101 Error VirtualService shop/a: message`. With the kubeconfig of a cluster as
 * it would be with them; without one istioctl leaves out every analyzer that reads Services.
 */
export async function istioctlAnalyze(minor: IstioMinor, objects: readonly KubeObject[], kubeconfig?: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-analyze-'));
  try {
    const file = join(folder, 'objects.yaml');
    writeFileSync(file, formatManifests(objects));
    const config = join(folder, 'kubeconfig');
    if (kubeconfig !== undefined) writeFileSync(config, kubeconfig);
    const source = kubeconfig === undefined ? ['--use-kube=false'] : ['--kubeconfig', config];
    const args = ['analyze', ...source, '--all-namespaces', '--output', 'json', ...(objects.length === 0 ? [] : [file])];
    const { stdout } = await run(binaryPath(PARTS[`istio-${minor}`], 'istioctl'), args, { env: { HOME: folder }, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
      // With errors among its messages it exits with 1, and prints them nevertheless.
      if (typeof error === 'object' && error !== null && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '') return { stdout: error.stdout };
      throw error;
    });
    // istioctl 1.28 writes a line of its log before.
    return messages.parse(JSON.parse(stdout.slice(Math.max(0, stdout.search(/^\[/m))))).map(({ code, level, origin, message }) => `${code} ${level} ${origin}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
