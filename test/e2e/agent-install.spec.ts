import { binaryPath, clusterKindOf, isBuilt, openCluster, PARTS, type OpenCluster } from '@meshfleet/cluster-real';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { accessFromKubeconfig } from '@meshfleet/kube';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent } from '../../apps/agent/src/agent.ts';
import { createLog } from '../../apps/agent/src/log.ts';
import { configFor, until, virtualService } from '../../apps/agent/src/testing/agent-fixture.ts';
import { startScriptedHub } from '../../apps/agent/src/testing/scripted-hub.ts';

const run = promisify(execFile);
const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy', 'agent');
const NAMESPACE = 'meshfleet-system';
const JOIN_TOKEN = `mfj_${'a'.repeat(22)}_${'b'.repeat(43)}`;
/** What helm takes for the server's version without one at hand is set when helm is released; ours is built from its module. */
const OFFLINE = ['--kube-version', '1.35.4'];
const HELM_VALUES = ['--set', 'hubUrl=https://meshfleet.example.com', '--set', 'clusterName=my-cluster', '--set', `joinToken.value=${JOIN_TOKEN}`];
/** What an installation is made of, and what of each must be the same whichever way it came. */
const OBJECTS = ['clusterrole', 'clusterrolebinding', 'role', 'rolebinding', 'serviceaccount', 'deployment'];

interface Installed {
  readonly rules?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
  readonly automountServiceAccountToken?: unknown;
  readonly spec?: { readonly strategy: unknown; readonly replicas: unknown; readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly { readonly name: string }[] }[] } } };
}

// Both programs are among the parts of real clusters.
describe.skipIf(!isBuilt(PARTS.kubernetes) || !isBuilt(PARTS.helm))('deploy/agent, installed as its README says (needs kubectl and helm: npm run real:build)', () => {
  let cluster: OpenCluster;
  let folder: string;
  let kubeconfig: string;
  beforeAll(async () => {
    cluster = await openCluster(clusterKindOf(process.env), { name: 'install', crds: istioCustomResourceDefinitions(), objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }] });
    folder = mkdtempSync(join(tmpdir(), 'meshfleet-install-'));
    kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  let byKubectl: Record<string, unknown>;

  it('by kubectl: the Deployment becomes ready, and its pod may do what the agent has to', async () => {
    await kubectl('apply', '-f', join(DEPLOY, 'manifests', 'namespace.yaml'));
    await kubectl('-n', NAMESPACE, 'create', 'secret', 'generic', 'meshfleet-join-token', `--from-literal=token=${JOIN_TOKEN}`);
    await kubectl('apply', '-k', join(DEPLOY, 'manifests'));
    await kubectl('apply', '-f', join(DEPLOY, 'manifests', 'network-policy.yaml'));
    await rolledOut();
    await agentDelivers();
    byKubectl = await installed();
    expect(Object.keys(byKubectl)).toEqual(OBJECTS);
  }, 120_000);

  it('applied again, by kubectl, it changes nothing', async () => {
    const again = await kubectl('apply', '-k', join(DEPLOY, 'manifests'));
    expect(again.trim().split('\n').filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    await kubectl('delete', '-k', join(DEPLOY, 'manifests'), '--wait', '--timeout=60s', '--ignore-not-found');
  }, 90_000);

  it('by helm: what it renders is valid to the letter, and wrong values are refused with their name', async () => {
    const rendered = join(folder, 'rendered.yaml');
    writeFileSync(rendered, await helm('template', 'meshfleet-agent', join(DEPLOY, 'chart'), '-n', 'default', ...OFFLINE, ...HELM_VALUES, '--set', 'networkPolicy.enabled=true'));
    await kubectl('apply', '-n', 'default', '--dry-run=server', '--validate=strict', '-f', rendered);
    expect(await helm('lint', join(DEPLOY, 'chart'), ...OFFLINE, ...HELM_VALUES)).toContain('0 chart(s) failed');
    for (const [value, named] of [['hubUrl=nowhere', 'hubUrl'], ['clusterName=No_Label', 'clusterName'], ['networkPolicy.egressPorts={0}', 'egressPorts'], ['imagePullPolicy=Never', 'imagePullPolicy']] as const) {
      await expect(helm('template', join(DEPLOY, 'chart'), ...OFFLINE, ...HELM_VALUES, '--set', value)).rejects.toThrow(named);
    }
  }, 90_000);

  it('by helm: the same objects as by kubectl, and they work the same', async () => {
    await helm('install', 'meshfleet-agent', join(DEPLOY, 'chart'), '-n', NAMESPACE, '--create-namespace', ...HELM_VALUES, '--wait', '--timeout', '90s');
    await rolledOut();
    await agentDelivers();
    expect(await installed()).toEqual(byKubectl);
  }, 150_000);

  it('uninstalled, it leaves in place what it had applied', async () => {
    await helm('uninstall', 'meshfleet-agent', '-n', NAMESPACE, '--wait', '--timeout', '60s');
    expect(await kubectl('-n', 'shop', 'get', 'virtualservices', '-o', 'name')).toContain('virtualservice.networking.istio.io/reviews');
    expect(await kubectl('-n', NAMESPACE, 'get', 'deployments', '-o', 'name')).toBe('');
  }, 90_000);

  async function kubectl(...args: string[]): Promise<string> {
    return (await run(binaryPath(PARTS.kubernetes, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args])).stdout;
  }

  async function helm(...args: string[]): Promise<string> {
    return (await run(binaryPath(PARTS.helm, 'helm'), args, { env: { ...process.env, KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder } })).stdout;
  }

  async function rolledOut(): Promise<void> {
    await kubectl('-n', NAMESPACE, 'rollout', 'status', 'deployment/meshfleet-agent', '--timeout=90s');
  }

  /** No kubelet runs the image here: the agent runs beside its pod, with a token that is bound to the pod as the mounted one would be. */
  async function agentDelivers(): Promise<void> {
    const pod = (await kubectl('-n', NAMESPACE, 'get', 'pods', '-l', 'app.kubernetes.io/name=meshfleet-agent', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const token = (await kubectl('-n', NAMESPACE, 'create', 'token', 'meshfleet-agent', '--bound-object-kind=Pod', `--bound-object-name=${pod}`)).trim();
    const hub = await startScriptedHub();
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await startAgent({ config: configFor(hub), access: await accessFromKubeconfig(cluster.kubeconfig({ token })), log: createLog('silent'), inPod: true });
    await until(() => hub.acknowledged?.revision === 1, 30_000);
    await agent.stop();
    await hub.close();
    // Another hub is to come, which knows nothing of this enrolment.
    await kubectl('-n', NAMESPACE, 'delete', 'secret', 'meshfleet-agent-identity', 'meshfleet-agent-state', '--ignore-not-found');
    expect(hub.acknowledged?.revision).toBe(1);
    expect([...hub.conditions.values()]).toEqual([]);
  }

  async function installed(): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    for (const kind of OBJECTS) {
      const object = JSON.parse(await kubectl('-n', NAMESPACE, 'get', kind, 'meshfleet-agent', '-o', 'json')) as Installed; // kinds that we have just listed
      found[kind] = partsThatMatter(object);
    }
    return found;
  }
});

/** Names, labels and variables that only one of the two sets are left out. */
function partsThatMatter({ rules, roleRef, subjects, automountServiceAccountToken, spec }: Installed): unknown {
  if (spec === undefined) return { rules, roleRef, subjects, automountServiceAccountToken };
  const defaults = new Set(['MESHFLEET_KEY_LIFE_DAYS', 'LOG_LEVEL']);
  const pod = spec.template.spec;
  const containers = pod.containers.map((container) => ({ ...container, env: container.env.filter(({ name }) => !defaults.has(name)) }));
  return { replicas: spec.replicas, strategy: spec.strategy, pod: { ...pod, containers } };
}
