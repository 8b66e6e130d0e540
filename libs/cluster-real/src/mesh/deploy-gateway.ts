import { join } from 'node:path';
import { kubectl } from '../cluster/kubectl.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import { onRealNodes } from '../node/start-node.ts';
import type { IstioMinor } from '../parts/part.ts';
import { helmUpgrade } from './helm.ts';
import { istioModule } from './istio-module.ts';

export interface GatewaySpec {
  readonly name: string;
  readonly namespace: string;
  readonly version: IstioMinor;
  readonly revision?: string;
  /** Makes it the east-west gateway of that network. */
  readonly network?: string;
  /** More values of Istio's gateway chart. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Installs a gateway by Istio's own chart and waits until it is ready; returns the address that the load balancer gave it. */
export async function deployGateway(cluster: RealCluster, { name, namespace, version, revision, network, values = {} }: GatewaySpec): Promise<string> {
  const chart = join(await istioModule(version), 'manifests', 'charts', 'gateway');
  await helmUpgrade(cluster.kubeconfigFile, {
    name,
    namespace,
    chart,
    values: {
      ...onRealNodes,
      autoscaling: { enabled: false },
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: null },
      ...(revision === undefined ? {} : { revision }),
      ...(network === undefined ? {} : { networkGateway: network }),
      ...values,
    },
  });
  await kubectl(cluster.kubeconfigFile, ['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
  const path = '{.status.loadBalancer.ingress[0].ip}';
  await kubectl(cluster.kubeconfigFile, ['-n', namespace, 'wait', `service/${name}`, `--for=jsonpath=${path}`, '--timeout=30s']);
  return kubectl(cluster.kubeconfigFile, ['-n', namespace, 'get', 'service', name, '-o', `jsonpath=${path}`]);
}
