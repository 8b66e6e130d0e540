import { join } from 'node:path';
import { runCommand } from '../network/run-command.ts';
import { PINS } from '../parts/part-cache.ts';
import type { IstioMinor } from '../parts/part.ts';

/** Folder of Istio's own sources in Go's module cache, or of a module that it is built with: charts, CRDs and samples are used from there, and copied nowhere. */
export async function istioModule(minor: IstioMinor, module = 'istio.io/istio'): Promise<string> {
  const cwd = join(PINS, `istio-${minor}`);
  return (await runCommand('go', ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', module], '', { cwd })).trim();
}
