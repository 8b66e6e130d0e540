import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import { istioModule } from '../mesh/istio-module.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { ISTIO_VERSIONS, PARTS, type IstioMinor } from '../parts/part.ts';
import type { NodeFiles } from './container-program.ts';

/** Puts what proxies and istiods run into the bed: their user may read nothing of a home folder, where the cache is. */
export async function placeNodeFiles(bed: Bed): Promise<NodeFiles> {
  const folder = join(bed.folder, 'bin');
  mkdirSync(folder, { recursive: true });
  const place = (from: string, name: string): string => {
    const to = join(folder, name);
    // A cluster of the same bed has placed it.
    if (existsSync(to)) return to;
    try {
      linkSync(from, to);
    } catch {
      // The cache lies on another file system.
      copyFileSync(from, to);
    }
    return to;
  };
  const envoyBootstrap = join(folder, 'envoy_bootstrap.json');
  copyFileSync(join(await istioModule('1.29'), 'tools', 'packaging', 'common', 'envoy_bootstrap.json'), envoyBootstrap);
  chmodSync(envoyBootstrap, 0o644);
  const istiod = (minor: IstioMinor): [IstioMinor, string] => [minor, place(binaryPath(PARTS[`istio-${minor}`], 'pilot-discovery'), `pilot-discovery-${minor}`)];
  return {
    pilotAgent: place(binaryPath(PARTS['istio-1.29'], 'pilot-agent'), 'pilot-agent'),
    envoy: place(binaryPath(PARTS.envoy, 'envoy'), 'envoy'),
    envoyBootstrap,
    // ISTIO_VERSIONS is a literal: its keys are exactly the minors.
    istiods: Object.fromEntries((Object.keys(ISTIO_VERSIONS) as IstioMinor[]).map(istiod)) as Record<IstioMinor, string>,
  };
}
