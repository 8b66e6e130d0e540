import { MeshfleetError } from '@meshfleet/model';
import { parseArgs } from 'node:util';
import { openBed } from './bed/bed.ts';
import { startRealCluster, type RealCluster } from './cluster/start-real-cluster.ts';
import { istioMinorOf } from './node/container-program.ts';
import { buildParts } from './parts/build-parts.ts';
import { clusterLimit, meshLimit, refuseBeyondLimit, whatWillNotRun } from './parts/mesh-limit.ts';
import { GITOPS_PARTS, ISTIO_VERSIONS, MESH_PARTS, type IstioMinor, type PartName } from './parts/part.ts';
import { startMesh } from './start-mesh.ts';

const USAGE = `Real clusters on this machine: etcd, kube-apiserver, controller manager, scheduler, KWOK.

  npm run real:build                       build the parts that are not built yet (the first time takes minutes)
  npm run real:build -- gitops             with Argo CD and Flux, beside which npm run proof -- beside-argo-cd beside-flux runs
  npm run real -- up [--clusters 2]        start clusters, print their kubeconfigs, run until Ctrl-C
      --istio 1.29                         with istiod of that version, and nodes whose pods are processes with a real Envoy
                                           (namespaces labelled istio-injection=enabled; pods that ask for those nodes)`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { clusters: { type: 'string', default: '1' }, istio: { type: 'string' } } });

try {
  switch (positionals[0]) {
    case 'build':
      await build(positionals[1] === 'gitops' ? [...MESH_PARTS, ...GITOPS_PARTS] : MESH_PARTS);
      break;
    case 'up':
      await up(Number(values.clusters), values.istio);
      break;
    default:
      console.log(USAGE);
  }
} catch (error) {
  if (!(error instanceof MeshfleetError)) throw error;
  console.error([`${error.code}: ${error.summary}`, error.why, error.fix].filter((line) => line !== undefined).join('\n'));
  process.exitCode = 1;
}

async function build(names: readonly PartName[]): Promise<void> {
  const summary = await buildParts(names, showProgress());
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  if (summary.built.length > 0) console.log(`Built: ${summary.built.join(', ')}.`);
  if (summary.present.length === names.length) console.log(`Nothing to do: ${summary.present.length} parts are built.`);
  for (const [why, parts] of Map.groupBy(summary.left, (part) => part.why)) console.log(`Left out: ${parts.map(({ name }) => name).join(', ')}, because ${why}.`);
  for (const [why, parts] of Map.groupBy(summary.failed, (part) => part.why)) console.error(`Not built: ${parts.map(({ name }) => name).join(', ')}, because ${why}.`);
  for (const line of whatWillNotRun()) console.log(line);
  if (summary.failed.length === 0) return;
  console.error('What was built stays: once that is mended, npm run real:build goes on where it stopped.');
  process.exitCode = 1;
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

async function up(count: number, istio: string | undefined): Promise<void> {
  if (!Number.isInteger(count) || count < 1 || count > 16) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: '--clusters is a number from 1 to 16' });
  const version = istio === undefined ? undefined : istioVersionOf(istio);
  if (version === undefined) refuseBeyondLimit('Real clusters', clusterLimit());
  else refuseBeyondLimit('A real mesh', meshLimit());
  let started = false;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // What is half started has no orderly end: the bed's heir clears it.
      process.once(signal, () => {
        if (started) resolve();
        else process.exit(130);
      });
    }
  });
  const names = Array.from({ length: count }, (_, index) => `real-${index + 1}`);
  const { clusters, stop } = version === undefined ? await upClusters(names) : await upMesh(names, version);
  started = true;
  for (const cluster of clusters) console.log(`export KUBECONFIG=${cluster.kubeconfigFile}`);
  console.log('Ctrl-C stops them.');
  await asked;
  await stop();
}

interface Started {
  readonly clusters: readonly RealCluster[];
  stop(): Promise<void>;
}

async function upClusters(names: readonly string[]): Promise<Started> {
  const bed = openBed();
  const clusters = await Promise.all(names.map((name, index) => startRealCluster({ bed, index, name })));
  return {
    clusters,
    stop: async () => {
      await Promise.all(clusters.map((cluster) => cluster.stop()));
      bed.close();
    },
  };
}

async function upMesh(names: readonly string[], version: IstioMinor): Promise<Started> {
  const mesh = await startMesh(names.map((name) => ({ name, istio: { version } })));
  return { clusters: mesh.clusters.map(({ cluster }) => cluster), stop: () => mesh.stop() };
}

function istioVersionOf(istio: string): IstioMinor {
  const version = istioMinorOf(istio);
  if (version === undefined) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `Istio ${istio} is not pinned`, fix: `Choose one of ${Object.keys(ISTIO_VERSIONS).join(', ')}.` });
  return version;
}
