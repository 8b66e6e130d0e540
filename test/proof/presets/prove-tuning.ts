import { callFrom, deployWorkload, kubectl } from '@meshfleet/cluster-real';
import { allOf, send } from './measure.ts';
import { askProxy, clustersOf } from './proxy-config.ts';
import { podOf, render, under, type PresetProof, type Stage } from './stage.ts';
import { until, untilSettled } from './until.ts';

export const tuning: PresetProof = {
  presets: ['sidecar-scope', 'proxy-resources'],
  prove: async (stage) => {
    await scope(stage);
    await resources(stage);
  },
};

/** `far` has two services, one of which is declared. */
async function scope(stage: Stage): Promise<void> {
  const { client, cluster, nodes, namespace, report } = stage;
  report.section('sidecar-scope');
  const far = `${namespace}-far`;
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: far, labels: stage.istiod.injectionLabel } }));
  await Promise.all(['declared', 'forgotten'].map((name) => deployWorkload(cluster, { namespace: far, name })));
  podOf(nodes, far, { app: 'declared' });
  const url = (name: string): string => `http://${name}.${far}:8080`;
  const knows = async (host: string): Promise<boolean> => (await clustersOf(client)).some((cluster_) => cluster_.endsWith(`|${host}`));
  const [declared, forgotten] = ['declared', 'forgotten'].map((name) => `${name}.${far}.svc.cluster.local`);
  await until('the proxy knows both', async () => (await knows(declared ?? '')) && (await knows(forgotten ?? '')));
  const before = (await clustersOf(client)).length;
  const rendered = render('sidecar-scope', { namespace, dependencies: [{ namespace: far, hosts: [declared] }], controlPlaneNamespace: null, unknownHosts: 'REGISTRY_ONLY' });
  await under(stage, rendered, async () => {
    await until('the proxy has forgotten what is not declared', async () => !(await knows(forgotten ?? '')));
    const names = await clustersOf(client);
    const strangers = names.filter((name) => name.includes('.svc.cluster.local') && !name.endsWith(`.${namespace}.svc.cluster.local`) && !name.endsWith(`|${declared}`));
    report.row({ sent: 'clusters in the proxy’s configuration', expected: 'its own namespace’s and the declared one, no others', seen: `${names.length} clusters, ${before} before; ${strangers.length} of other services`, passed: strangers.length === 0 && (await knows(declared ?? '')) && names.length < before });
    await untilSettled(stage.proxies, 'calls to what is not declared are refused', async () => (await callFrom(client, { url: url('forgotten') })).code === 502);
    report.row(allOf('calls to the declared service', await send(client, { url: url('declared'), total: 60 }), 200));
    report.row(allOf('calls to one that was forgotten, with REGISTRY_ONLY', await send(client, { url: url('forgotten'), total: 60 }), 502));
    report.row(allOf('calls inside the namespace', await send(client, { url: stage.echo, total: 60 }), 200));
  });
}

/** Pods are made anew for amounts of CPU and memory, at once; proxies take threads when they start, from what istiod knows by then. */
async function resources(stage: Stage): Promise<void> {
  const { cluster, nodes, namespace, report } = stage;
  report.section('proxy-resources');
  const labels = { app: 'tuned' };
  const kube = (...args: string[]): Promise<string> => kubectl(cluster.kubeconfigFile, ['-n', namespace, ...args]);
  const parameters = { namespace, labels, name: 'tuned', concurrency: 3, workloads: [{ name: 'tuned' }], cpuRequest: '20m', cpuLimit: '2', memoryRequest: '80Mi', memoryLimit: '512Mi' };
  await deployWorkload(cluster, { namespace, name: 'tuned' });
  const pod = podOf(nodes, namespace, labels);
  const threads = async (name: string): Promise<string> => {
    const one = nodes.pods(namespace, labels).find((it) => it.name === name);
    return one === undefined ? '' : (/"concurrency":\s*(\d+)/.exec(await askProxy(one, '/server_info').catch(() => ''))?.[1] ?? '');
  };
  /** The pod that is left when the workload has been rolled. */
  const rolled = async (): Promise<string> => {
    await kube('rollout', 'status', 'deployment/tuned', '--timeout=60s');
    await until('one pod is left, and its proxy runs', async () => {
      const [only, ...others] = nodes.pods(namespace, labels);
      return only !== undefined && others.length === 0 && (await threads(only.name)) !== '';
    });
    return podOf(nodes, namespace, labels).name;
  };
  const before = await threads(pod.name);
  await under(stage, render('proxy-resources', parameters), async () => {
    const name = await rolled();
    const [requests, limits] = await Promise.all(['requests', 'limits'].map(async (kind) => JSON.parse(await kube('get', 'pod', name, '-o', `jsonpath={.spec['initContainers','containers'][?(@.name=="istio-proxy")].resources.${kind}}`)) as Record<string, string>)); // ResourceRequirements
    const seen = `${requests?.['cpu']} to ${limits?.['cpu']} cores, ${requests?.['memory']} to ${limits?.['memory']}`;
    report.row({ sent: 'what the new pod asks for its proxy, rolled by the annotations', expected: '20m to 2 cores, 80Mi to 512Mi', seen, passed: seen === '20m to 2 cores, 80Mi to 512Mi' });
    await kube('rollout', 'restart', 'deployment/tuned');
    const restarted = await threads(await rolled());
    report.row({ sent: 'threads that the proxy says it runs, after a restart of the workload', expected: `3, not ${before} as before`, seen: restarted, passed: restarted === '3' && before !== '3' });
  });
}
