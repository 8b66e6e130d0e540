import { kubectl } from '../cluster/kubectl.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import { onRealNodes } from '../node/start-node.ts';
import { APP_IMAGE } from './app-image.ts';

export interface WorkloadSpec {
  readonly name: string;
  readonly namespace: string;
  /** Value of the label `version`, and what its answers say. */
  readonly version?: string;
  /** Label `app`, by which the Service of that name selects; the name by default. */
  readonly app?: string;
  readonly serviceAccount?: string;
  readonly replicas?: number;
  readonly port?: number;
  /** Ports beside it that it answers on too. */
  readonly morePorts?: readonly number[];
  /** Answers Envoy's rate-limit protocol on port 8081 too: so many requests for each descriptor, and none after that. */
  readonly rateLimit?: number;
  /** Only on nodes of this region, and zone. */
  readonly region?: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Deploys our application with a Service and a service account, and waits until its pods are ready. */
export async function deployWorkload(cluster: RealCluster, spec: WorkloadSpec): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: workloadObjects(cluster.name, spec) });
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '--force-conflicts', '-f', '-'], list);
  await kubectl(cluster.kubeconfigFile, ['-n', spec.namespace, 'rollout', 'status', `deployment/${spec.name}`, '--timeout=60s']);
}

function workloadObjects(cluster: string, spec: WorkloadSpec): object[] {
  const { name, namespace, version = 'v1', app = name, serviceAccount = app, replicas = 1, port = 8080, morePorts = [], rateLimit, region, zone, labels = {}, annotations = {} } = spec;
  const variables = { APP_NAME: app, APP_VERSION: version, APP_CLUSTER: cluster, PORT: [port, ...morePorts].join(), ...(rateLimit === undefined ? {} : { APP_RATE_LIMIT: String(rateLimit) }) };
  const limits = rateLimit === undefined ? [] : [{ name: 'grpc-limits', port: 8081, targetPort: 8081 }];
  const env = Object.entries(variables).map(([key, value]) => ({ name: key, value }));
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: app, namespace, labels: { app } },
      spec: { selector: { app }, ports: [{ name: 'http', port, targetPort: port }, ...morePorts.map((one) => ({ name: `http-${one}`, port: one, targetPort: one })), ...limits] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels: { app, version } },
      spec: {
        replicas,
        selector: { matchLabels: { app, version } },
        template: {
          metadata: { labels: { app, version, ...labels }, annotations },
          spec: {
            ...onRealNodes,
            nodeSelector: { ...onRealNodes.nodeSelector, ...(region === undefined ? {} : { 'topology.kubernetes.io/region': region }), ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }) },
            serviceAccountName: serviceAccount,
            terminationGracePeriodSeconds: 5,
            containers: [
              {
                name: 'app',
                image: APP_IMAGE,
                env: [...env, { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
                ports: [{ name: 'http', containerPort: port }],
                readinessProbe: { httpGet: { path: '/healthz', port } },
              },
            ],
          },
        },
      },
    },
  ];
}
