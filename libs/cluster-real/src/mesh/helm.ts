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
  /** Which Helm; 3 by default. */
  readonly by?: 'helm' | 'helm-4';
  readonly flags?: readonly string[];
}

/** Installs a chart or brings its release up to date, as a user of Helm would. */
export async function helmUpgrade(kubeconfigFile: string, { name, namespace, chart, values, by = 'helm', flags = [] }: HelmRelease): Promise<void> {
  const [program, ...args] = bound([binaryPath(PARTS[by], 'helm'), `--kubeconfig=${kubeconfigFile}`, 'upgrade', '--install', name, chart, '--namespace', namespace, '--create-namespace', '--values', '-', ...flags]);
  await runCommand(program, args, stringify(values));
}
