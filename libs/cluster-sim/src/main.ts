import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MeshfleetError } from '@meshfleet/model';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions } from '@meshfleet/istio';
import { shop } from './fixtures/shop.ts';
import { startSimulatedCluster } from './start.ts';

const USAGE = `Starts a simulated Kubernetes cluster on this machine.

  node libs/cluster-sim/src/main.ts [options]

  --name <name>         the cluster's name (default: sim)
  --port <port>         port of the API server on 127.0.0.1 (default: 0, any free one)
  --kubeconfig <file>   where to write the administrator's kubeconfig (default: ./<name>.kubeconfig)
  --nodes <count>       simulated nodes (default: 3)
  --data <file>         keep the objects in this file, and find them there at the next start
  --istio-crds          serve Istio's and the Gateway API's kinds
  --shop                fill the cluster with a shop of services beside a minimal Istio
  --help                this text

Ctrl-C stops it and removes the kubeconfig.`;

/** The command line; answers the exit code, or undefined while the cluster runs. */
async function main(argv: readonly string[]): Promise<number | undefined> {
  const options = readOptions(argv);
  if (typeof options === 'string') {
    console.error(`${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const cluster = await startSimulatedCluster({
    name: options.name,
    port: options.port,
    nodes: options.nodes,
    ...(options.data === undefined ? {} : { dataFile: resolve(options.data) }),
    crds: options.istioCrds ? [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions()] : [],
    objects: options.shop ? shop({ clusterName: options.name }) : [],
  });
  const file = resolve(options.kubeconfig ?? `${options.name}.kubeconfig`);
  writeFileSync(file, cluster.kubeconfig(), { mode: 0o600 });
  console.log(`Cluster ${cluster.name} is ready at ${cluster.url}. Copy and paste:\n\n  export KUBECONFIG=${file}\n  kubectl get ${options.shop ? 'pods -A' : 'nodes'}\n\nCtrl-C stops it.`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    rmSync(file, { force: true });
    cluster.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return undefined;
}

interface Options {
  readonly name: string;
  readonly port: number;
  readonly nodes: number;
  readonly kubeconfig: string | undefined;
  readonly data: string | undefined;
  readonly istioCrds: boolean;
  readonly shop: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        name: { type: 'string', default: 'sim' },
        port: { type: 'string', default: '0' },
        nodes: { type: 'string', default: '3' },
        kubeconfig: { type: 'string' },
        data: { type: 'string' },
        'istio-crds': { type: 'boolean', default: false },
        shop: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    const nodes = Number(values.nodes);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return `--port must be a number from 0 to 65535, not ${JSON.stringify(values.port)}`;
    if (!Number.isInteger(nodes) || nodes < 0) return `--nodes must be a whole number, not ${JSON.stringify(values.nodes)}`;
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(values.name)) return `--name must be lower-case letters, digits and hyphens, not ${JSON.stringify(values.name)}`;
    return { name: values.name, port, nodes, kubeconfig: values.kubeconfig, data: values.data, istioCrds: values['istio-crds'], shop: values.shop, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function fail(error: unknown): never {
  if (error instanceof MeshfleetError) console.error([error.summary, error.why, error.fix].filter((line) => line !== undefined).join('\n'));
  else console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exit(code);
  },
  (error: unknown) => fail(error),
);
