import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import { istioModule } from '../mesh/istio-module.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { ISTIO_VERSIONS, PARTS, type IstioMinor } from '../parts/part.ts';
import type { IstioFiles, NodeFiles } from './container-program.ts';

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
  const filesOf = async (minor: IstioMinor): Promise<[IstioMinor, IstioFiles]> => {
    const part = PARTS[`istio-${minor}`];
    const envoyBootstrap = join(folder, `envoy_bootstrap-${minor}.json`);
    copyFileSync(join(await istioModule(minor), 'tools', 'packaging', 'common', 'envoy_bootstrap.json'), envoyBootstrap);
    chmodSync(envoyBootstrap, 0o644);
    return [minor, { istiod: place(binaryPath(part, 'pilot-discovery'), `pilot-discovery-${minor}`), pilotAgent: place(binaryPath(part, 'pilot-agent'), `pilot-agent-${minor}`), envoyBootstrap }];
  };
  return {
    envoy: place(binaryPath(PARTS.envoy, 'envoy'), 'envoy'),
    // ISTIO_VERSIONS is a literal: its keys are exactly the minors.
    istio: Object.fromEntries(await Promise.all((Object.keys(ISTIO_VERSIONS) as IstioMinor[]).map(filesOf))) as Record<IstioMinor, IstioFiles>,
  };
}
