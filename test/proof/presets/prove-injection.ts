import { callFrom, deployWorkload, kubectl, onRealNodes } from '@meshfleet/cluster-real';
import { REVISION_TAG } from './mesh-settings.ts';
import { render, under, type PresetProof, type Rendered, type Stage } from './stage.ts';
import { until } from './until.ts';

export const injection: PresetProof = {
  presets: ['namespace-injection', 'workload-injection'],
  prove: async (stage) => {
    await namespaces(stage);
    await workloads(stage);
  },
};

/** What the injector makes of a pod that is only tried: the API server calls it as for any other. */
async function injected({ cluster }: Stage, namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tried', namespace, labels: { app: 'tried', ...labels } }, spec: { ...onRealNodes, containers: [{ name: 'app', image: 'tried' }] } };
  const answer = JSON.parse(await kubectl(cluster.kubeconfigFile, ['create', '--dry-run=server', '-o', 'json', '-f', '-'], JSON.stringify(pod))) as InjectedPod;
  const sidecar = [...(answer.spec.initContainers ?? []), ...answer.spec.containers].find(({ name }) => name === 'istio-proxy');
  return sidecar === undefined ? 'no sidecar' : `a sidecar ${sidecar.image.split(':').at(-1)} of the revision ${answer.metadata.annotations?.['istio.io/rev'] ?? 'unknown'}`;
}

/** As much of a Pod as is looked at. */
interface InjectedPod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly initContainers?: readonly Container[]; readonly containers: readonly Container[] };
}
interface Container {
  readonly name: string;
  readonly image: string;
}

async function createNamespace({ cluster }: Stage, name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
  // Without its service account no pod is taken.
  await kubectl(cluster.kubeconfigFile, ['-n', name, 'wait', 'serviceaccount/default', '--for=create', '--timeout=30s']);
}

async function namespaces(stage: Stage): Promise<void> {
  const { istiod, namespace, report } = stage;
  report.section('namespace-injection');
  const name = `${namespace}-new`;
  await createNamespace(stage, name);
  const sidecar = `a sidecar ${istiod.version} of the revision default`;
  const row = async (what: string, expected: string, labels: Readonly<Record<string, string>> = {}): Promise<void> => {
    // The API server hears of a namespace's labels a moment after they were written.
    await until(`a pod gets ${expected}`, async () => (await injected(stage, name, labels)) === expected).catch(() => undefined);
    const seen = await injected(stage, name, labels);
    report.row({ sent: `a pod ${what}`, expected, seen, passed: seen === expected });
  };
  const as = (mode: object): Rendered => render('namespace-injection', { namespaces: [name], mode });
  await row('in a namespace without labels', 'no sidecar');
  await under(stage, as({ type: 'SIDECAR' }), () => row('in the namespace at SIDECAR', sidecar));
  await row('after the policy was withdrawn', 'no sidecar');
  await under(stage, as({ type: 'SIDECAR', revision: REVISION_TAG }), () => row('in the namespace at a revision tag', sidecar));
  await under(stage, as({ type: 'NONE' }), () => row('that asks for a sidecar, in the namespace at NONE', 'no sidecar', { 'sidecar.istio.io/inject': 'true' }));
}

/** Shown by what a server with a proxy tells: the certificate that its caller came with. */
async function workloads(stage: Stage): Promise<void> {
  const { client, cluster, namespace, report } = stage;
  report.section('workload-injection');
  const loose = `${namespace}-loose`;
  await createNamespace(stage, loose);
  await Promise.all([deployWorkload(cluster, { namespace: loose, name: 'joins' }), deployWorkload(cluster, { namespace, name: 'leaves' })]);
  const mutual = async (host: string): Promise<string> => {
    const { code, body = '' } = await callFrom(client, { url: `http://${host}:8080/` });
    return `${code}, ${body.includes('x-forwarded-client-cert') ? 'by mutual TLS' : 'in plaintext'}`;
  };
  const row = async (what: string, host: string, expected: string): Promise<void> => {
    await until(`${host} answers ${expected}`, async () => (await mutual(host)) === expected);
    report.row({ sent: `a meshed call to a workload ${what}`, expected, seen: await mutual(host), passed: true });
  };
  const rolled = (inNamespace: string, name: string): Promise<string> => kubectl(cluster.kubeconfigFile, ['-n', inNamespace, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
  await row('in a namespace without labels', `joins.${loose}`, '200, in plaintext');
  await under(stage, render('workload-injection', { namespace: loose, workloads: [{ name: 'joins' }], mode: 'SIDECAR' }), async () => {
    await rolled(loose, 'joins');
    await row('there at SIDECAR', `joins.${loose}`, '200, by mutual TLS');
  });
  await rolled(loose, 'joins');
  await row('there after the policy was withdrawn', `joins.${loose}`, '200, in plaintext');
  await row('in an injected namespace', `leaves.${namespace}`, '200, by mutual TLS');
  await under(stage, render('workload-injection', { namespace, workloads: [{ name: 'leaves' }], mode: 'NONE' }), async () => {
    await rolled(namespace, 'leaves');
    await row('there at NONE', `leaves.${namespace}`, '200, in plaintext');
  });
}
