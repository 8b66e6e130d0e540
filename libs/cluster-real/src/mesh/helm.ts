import { stringify } from 'yaml';
import { runCommand } from '../network/run-command.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { PARTS } from '../parts/part.ts';

export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  /** Folder of the chart. */
  readonly chart: string;
  readonly values: object;
}

/** Installs a chart or brings its release up to date, as a user of Helm would. */
export async function helmUpgrade(kubeconfigFile: string, { name, namespace, chart, values }: HelmRelease): Promise<void> {
  const args = [`--kubeconfig=${kubeconfigFile}`, 'upgrade', '--install', name, chart, '--namespace', namespace, '--create-namespace', '--values', '-'];
  await runCommand(binaryPath(PARTS.helm, 'helm'), args, stringify(values));
}
