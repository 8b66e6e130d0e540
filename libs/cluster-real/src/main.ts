import { MeshfleetError } from '@meshfleet/model';
import { parseArgs } from 'node:util';
import { openBed } from './bed/bed.ts';
import { startRealCluster } from './cluster/start-real-cluster.ts';
import { buildParts } from './parts/build-parts.ts';
import { PARTS, type PartName } from './parts/part.ts';

const USAGE = `Real clusters on this machine: etcd, kube-apiserver, controller manager, scheduler, KWOK.

  npm run real:build                       build the parts that are not built yet (the first time takes minutes)
  npm run real -- up [--clusters 2]        start clusters, print their kubeconfigs, run until Ctrl-C`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { clusters: { type: 'string', default: '1' } } });

try {
  switch (positionals[0]) {
    case 'build':
      await build();
      break;
    case 'up':
      await up(Number(values.clusters));
      break;
    default:
      console.log(USAGE);
  }
} catch (error) {
  if (!(error instanceof MeshfleetError)) throw error;
  console.error(`${error.code}: ${error.summary}\n${error.why ?? ''}\n${error.fix ?? ''}`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  // PARTS is a literal: its keys are exactly the names.
  const names = Object.keys(PARTS) as PartName[];
  const summary = await buildParts(names, showProgress());
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  if (summary.built.length > 0) console.log(`Built: ${summary.built.join(', ')}.`);
  if (summary.built.length === 0 && summary.left.length === 0) console.log(`Nothing to do: ${summary.present.length} parts are built.`);
  for (const { name, why } of summary.left) console.log(`Left out: ${name}, because ${why}. What needs it will not run.`);
}

/** One line that changes on a terminal; elsewhere a line every ten seconds. */
function showProgress(): (line: string) => void {
  let last = 0;
  return (line) => {
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line.slice(0, process.stdout.columns - 1)}`);
    else if (Date.now() - last > 10_000) {
      last = Date.now();
      console.log(line);
    }
  };
}

async function up(count: number): Promise<void> {
  const bed = openBed();
  const clusters = await Promise.all(
    Array.from({ length: count }, (_, index) => startRealCluster({ bed, index, name: `real-${index + 1}` })),
  );
  for (const cluster of clusters) console.log(`export KUBECONFIG=${cluster.kubeconfigFile}`);
  console.log('Ctrl-C stops them.');
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  bed.close();
}
