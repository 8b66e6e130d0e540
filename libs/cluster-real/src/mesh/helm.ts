import { stringify } from 'yaml';
import { bound } from '../bed/managed-process.ts';
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
  const [program, ...args] = bound([binaryPath(PARTS.helm, 'helm'), `--kubeconfig=${kubeconfigFile}`, 'upgrade', '--install', name, chart, '--namespace', namespace, '--create-namespace', '--values', '-']);
  await runCommand(program, args, stringify(values));
}
