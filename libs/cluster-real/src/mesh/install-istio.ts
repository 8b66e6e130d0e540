import { MeshfleetError } from '@meshfleet/model';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../cluster/kubectl.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import { waitForDefinitions } from '../cluster/wait-for-definitions.ts';
import type { RealPod } from '../node/run-pod.ts';
import { onRealNodes, type RealNodes } from '../node/start-node.ts';
import { ISTIO_VERSIONS, type IstioMinor } from '../parts/part.ts';
import { helmUpgrade } from './helm.ts';
import { istioModule } from './istio-module.ts';
import { PLAIN_ENVOY_FILTER, PLAIN_ENVOY_MESH, PLAIN_ENVOY_PILOT } from './plain-envoy.ts';

export interface IstioOptions {
  readonly version: IstioMinor;
  /** Name of the revision; without one the control plane is the default. */
  readonly revision?: string;
  /** CLUSTER_ID: the name that other clusters know this one by. */
  readonly clusterName?: string;
  readonly meshId?: string;
  readonly network?: string;
  readonly meshConfig?: object;
  /** Environment of istiod, such as ISTIO_MULTIROOT_MESH. */
  readonly env?: Readonly<Record<string, string>>;
  /** More values of the istiod chart. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** One istiod that runs for real, installed by Helm from Istio's own charts: CRDs, mesh configuration, webhooks, roles. */
export interface Istiod {
  readonly version: string;
  readonly revision: string;
  /** What namespaces are labelled with to have their pods injected by it. */
  readonly injectionLabel: Readonly<Record<string, string>>;
  /** The pod of now; another one after a restart of its Deployment. */
  pod(): RealPod;
  /** A page of its debug interface, such as `clusterz`, `syncz`, `endpointShardz`. */
  debug(page: string): Promise<unknown>;
}

const SYSTEM_NAMESPACE = 'istio-system';
const READY_WITHIN_MS = 60_000;

/**
 * Installs Istio as its documentation says, or upgrades what is there, and waits until istiod serves and has put its
 * certificate into its webhooks.
 * @throws PRECONDITION_FAILED with the end of istiod's log when it does not come up.
 */
export async function installIstio(cluster: RealCluster, nodes: RealNodes, options: IstioOptions): Promise<Istiod> {
  const { version: minor, revision = '' } = options;
  const charts = join(await istioModule(minor), 'manifests', 'charts');
  const suffix = revision === '' ? '' : `-${revision}`;
  await helmUpgrade(cluster.kubeconfigFile, { name: 'istio-base', namespace: SYSTEM_NAMESPACE, chart: join(charts, 'base'), values: { defaultRevision: revision === '' ? 'default' : revision } });
  await waitForDefinitions(cluster.kubeconfigFile);
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], JSON.stringify(PLAIN_ENVOY_FILTER));
  const chart = join(charts, 'istio-control', 'istio-discovery');
  await helmUpgrade(cluster.kubeconfigFile, { name: `istiod${suffix}`, namespace: SYSTEM_NAMESPACE, chart, values: istiodValues(options) });
  const labels = { app: 'istiod', 'istio.io/rev': revision === '' ? 'default' : revision };
  const find = (): RealPod | undefined => nodes.pods(SYSTEM_NAMESPACE, labels).at(-1);
  await waitForIstiod(cluster, `istiod${suffix}`, revision, nodes);
  return {
    version: ISTIO_VERSIONS[minor],
    revision: labels['istio.io/rev'],
    injectionLabel: revision === '' ? { 'istio-injection': 'enabled' } : { 'istio.io/rev': revision },
    pod: () => {
      const pod = find();
      if (pod === undefined) throw new MeshfleetError({ code: 'NOT_FOUND', summary: `No pod of istiod${suffix} runs in ${cluster.name}` });
      return pod;
    },
    debug: async (page) => {
      const pod = find();
      // From elsewhere than its own loopback, istiod shows these to who has a token of its namespace.
      const account = { namespace: SYSTEM_NAMESPACE, name: `istiod${suffix}` };
      const authorization = `Bearer ${await cluster.createToken(account, { audiences: ['istio-ca'], expirationSeconds: 600 })}`;
      const response = await fetch(`http://${pod?.network.address}:8080/debug/${page}`, { headers: { authorization }, signal: AbortSignal.timeout(10_000) });
      if (!response.ok) throw new MeshfleetError({ code: 'KUBERNETES_REFUSED', summary: `istiod answered ${response.status} for /debug/${page}`, why: await response.text() });
      return response.json();
    },
  };
}

function istiodValues({ version, revision = '', clusterName, meshId, network, meshConfig = {}, env = {}, values = {} }: IstioOptions): object {
  return {
    revision,
    ...onRealNodes,
    // Its Prometheus provider is a filter of Istio's Envoy.
    telemetry: { enabled: false },
    autoscaleEnabled: false,
    resources: { requests: { cpu: '10m', memory: '64Mi' } },
    env: { ...PLAIN_ENVOY_PILOT, ...env },
    meshConfig: merge(PLAIN_ENVOY_MESH, meshConfig),
    ...values,
    global: {
      hub: 'docker.io/istio',
      tag: ISTIO_VERSIONS[version],
      ...(meshId === undefined ? {} : { meshID: meshId }),
      ...(network === undefined ? {} : { network }),
      ...(clusterName === undefined ? {} : { multiCluster: { clusterName } }),
      proxy: { resources: { requests: { cpu: '10m', memory: '64Mi' } } },
      ...(values['global'] as object | undefined), // what the chart calls so
    },
  };
}

/** One level deep is as deep as our own settings of the mesh go. */
function merge(ours: Readonly<Record<string, unknown>>, theirs: object): object {
  return { ...ours, ...theirs };
}

async function waitForIstiod(cluster: RealCluster, deployment: string, revision: string, nodes: RealNodes): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if ((await rolledOut(cluster, deployment)) && (await hasCertificate(cluster, revision))) return;
    if (performance.now() > deadline) {
      const events = nodes.problems().slice(-3).join('\n');
      const why = `${await kubectl(cluster.kubeconfigFile, ['-n', SYSTEM_NAMESPACE, 'get', 'pods', '-o', 'wide'])}\n${events}`;
      throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: `${deployment} did not serve within ${READY_WITHIN_MS / 1000} s`, why });
    }
    await sleep(250);
  }
}

async function rolledOut(cluster: RealCluster, deployment: string): Promise<boolean> {
  const text = await kubectl(cluster.kubeconfigFile, ['-n', SYSTEM_NAMESPACE, 'get', 'deployment', deployment, '-o', 'json']);
  // A Deployment of apps/v1.
  const { metadata, status } = JSON.parse(text) as { metadata: { generation: number }; status?: { observedGeneration?: number; updatedReplicas?: number; replicas?: number; readyReplicas?: number } };
  return status?.observedGeneration === metadata.generation && status.updatedReplicas === 1 && status.replicas === 1 && status.readyReplicas === 1;
}

/** istiod writes its authority into its webhooks once it leads; before that the API server cannot call them. */
async function hasCertificate(cluster: RealCluster, revision: string): Promise<boolean> {
  const rev = revision === '' ? 'default' : revision;
  const text = await kubectl(cluster.kubeconfigFile, ['get', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '-l', `istio.io/rev=${rev}`, '-o', 'json']);
  // Lists of admissionregistration.k8s.io/v1.
  const { items } = JSON.parse(text) as { items: { webhooks?: { clientConfig: { caBundle?: string } }[] }[] };
  return items.length > 0 && items.every(({ webhooks = [] }) => webhooks.every(({ clientConfig }) => clientConfig.caBundle !== undefined));
}
