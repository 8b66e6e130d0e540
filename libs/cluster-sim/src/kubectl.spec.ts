import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { shop } from './fixtures/shop.ts';
import type { SimulatedCluster } from './start.ts';
import { startSimulatedCluster } from './start.ts';

const found = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' }).status === 0;
if (!found) console.warn('kubectl is not on the PATH: what it sees of a simulated cluster was not checked');

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe.runIf(found)('kubectl against a simulated cluster', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-sim-kubectl-'));
  const kubeconfig = join(folder, 'kubeconfig');
  let cluster: SimulatedCluster;

  beforeAll(async () => {
    cluster = await startSimulatedCluster({ name: 'east', crds: istioCustomResourceDefinitions(), objects: shop() });
    writeFileSync(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The API server lives in this process, so kubectl must not block it. */
  function kubectl(args: readonly string[], input = '', config = kubeconfig): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn('kubectl', args, { env: { ...process.env, KUBECONFIG: config, HOME: folder, KUBECACHEDIR: join(folder, 'cache') } });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, out, err }));
      child.stdin.end(input);
    });
  }

  async function succeeds(args: readonly string[], input = ''): Promise<string> {
    const answer = await kubectl(args, input);
    expect(answer.code, `kubectl ${args.join(' ')}\n${answer.out}${answer.err}`).toBe(0);
    return answer.out;
  }

  const manifest = (image: string, namespace: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 80}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: ${namespace}}
spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
`;

  it('prints the columns that it prints of a real cluster', async () => {
    const [header = '', first = ''] = (await succeeds(['get', 'deployments', '-n', 'shop'])).split('\n');
    expect(header.split(/\s+/)).toEqual(['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    expect(first).toMatch(/^cart-v1\s+2\/2\s+2\s+2\s+/);
    expect(await succeeds(['get', 'svc', '-n', 'istio-system', 'istio-ingressgateway'])).toMatch(/LoadBalancer\s+10\.96\.\d+\.\d+\s+198\.\d+\.\d+\.\d+\s+15021:3\d{4}\/TCP,80:3\d{4}\/TCP/);
    expect(await succeeds(['get', 'pods', '-A', '-l', 'app=frontend', '--no-headers'])).toMatch(/^(shop\s+frontend-v1-\S+\s+1\/1\s+Running\s+0\s+\S+\s*\n){3}$/);
  });

  it('knows the kinds by all their names', async () => {
    const resources = await succeeds(['api-resources', '--no-headers']);
    expect(resources).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m);
    expect(resources).toMatch(/^virtualservices\s+vs\s+networking\.istio\.io\/v1\s+true\s+VirtualService$/m);
    await succeeds(['get', 'deploy.v1.apps,po,svc,vs', '-n', 'shop']);
  });

  it('explains fields', async () => {
    expect(await succeeds(['explain', 'deployment.spec.strategy'])).toContain('rollingUpdate\t<RollingUpdateDeployment>');
    expect(await succeeds(['explain', 'vs.spec.hosts'])).toContain('FIELD: hosts <[]string>');
  });

  it('applies, finds nothing to change, shows a difference, rolls out and back', async () => {
    expect(await succeeds(['apply', '-f', '-'], manifest('web:1', 'client'))).toContain('deployment.apps/web created');
    expect(await succeeds(['apply', '-f', '-'], manifest('web:1', 'client'))).toBe('namespace/client unchanged\ndeployment.apps/web unchanged\nvirtualservice.networking.istio.io/web unchanged\n');
    await succeeds(['rollout', 'status', 'deploy/web', '-n', 'client', '--timeout=20s']);
    const difference = await kubectl(['diff', '-f', '-'], manifest('web:2', 'client'));
    expect(difference.code).toBe(1);
    expect(difference.out).toMatch(/^-\s+- image: web:1$/m);
    await succeeds(['apply', '-f', '-'], manifest('web:2', 'client'));
    await succeeds(['rollout', 'status', 'deploy/web', '-n', 'client', '--timeout=20s']);
    expect(await succeeds(['rollout', 'history', 'deploy/web', '-n', 'client'])).toMatch(/\n1\s+<none>\n2\s+<none>/);
    await succeeds(['rollout', 'undo', 'deploy/web', '-n', 'client']);
    await succeeds(['wait', '--for=condition=Available', 'deploy/web', '-n', 'client', '--timeout=20s']);
    expect(await succeeds(['get', 'deploy', 'web', '-n', 'client', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])).toBe('web:1');
  });

  it('applies on the server, shares and takes over fields, and hears of conflicts', async () => {
    await succeeds(['apply', '--server-side', '--field-manager=one', '-f', '-'], manifest('web:1', 'server'));
    await succeeds(['apply', '--server-side', '--field-manager=two', '-f', '-'], manifest('web:1', 'server'));
    expect((await kubectl(['diff', '--server-side', '--field-manager=one', '-f', '-'], manifest('web:1', 'server'))).code).toBe(0);
    const refused = await kubectl(['apply', '--server-side', '--field-manager=two', '-f', '-'], manifest('web:2', 'server'));
    expect(refused.err).toContain('Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="web"].image');
    await succeeds(['apply', '--server-side', '--force-conflicts', '--field-manager=two', '-f', '-'], manifest('web:2', 'server'));
  });

  it('patches, scales, labels, exposes and edits in all the ways that it has', async () => {
    await succeeds(['create', 'namespace', 'patched']);
    await succeeds(['create', 'deployment', 'web', '--image=web:1', '--replicas=1', '-n', 'patched']);
    await succeeds(['patch', 'deploy', 'web', '-n', 'patched', '-p', '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}']);
    await succeeds(['patch', 'deploy', 'web', '-n', 'patched', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":2}]']);
    await succeeds(['scale', 'deploy/web', '--replicas=3', '-n', 'patched']);
    await succeeds(['set', 'image', 'deploy/web', 'web=web:3', '-n', 'patched']);
    await succeeds(['label', 'deploy', 'web', 'team=a', '-n', 'patched']);
    await succeeds(['expose', 'deploy', 'web', '--port=80', '-n', 'patched']);
    expect(await succeeds(['get', 'deploy', 'web', '-n', 'patched', '-o', 'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].name} {.metadata.labels.team}'])).toBe('3 web:3 A a');
    const custom = await kubectl(['patch', 'vs', 'web', '-n', 'client', '-p', '{"spec":{"hosts":["a"]}}']);
    expect(custom.err).toContain('application/strategic-merge-patch+json is not supported by networking.istio.io/v1, Kind=VirtualService');
  });

  it('is refused what is invalid, in the words of a real cluster', async () => {
    const unknown = await kubectl(['create', '-f', '-'], '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dta":{}}');
    expect(unknown.err).toContain('ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"');
    const invalid = await kubectl(['create', '-f', '-'], '{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{}}');
    expect(invalid.err).toContain('The Service "x" is invalid: spec.ports: Required value');
    const schema = await kubectl(['create', '-f', '-'], '{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"x"},"spec":{"mtls":{"mode":"SOMETIMES"}}}');
    expect(schema.err).toContain('spec.mtls.mode: Unsupported value: "SOMETIMES": supported values: "UNSET", "DISABLE", "PERMISSIVE", "STRICT"');
  });

  it('acts as a service account with that account\'s rights and no more', async () => {
    await succeeds(['create', 'namespace', 'rights']);
    await succeeds(['create', 'serviceaccount', 'robot', '-n', 'rights']);
    await succeeds(['create', 'role', 'reader', '--verb=get,list', '--resource=pods', '-n', 'rights']);
    await succeeds(['create', 'rolebinding', 'robot', '--role=reader', '--serviceaccount=rights:robot', '-n', 'rights']);
    const as = ['--as=system:serviceaccount:rights:robot', '-n', 'rights'];
    expect((await kubectl(['auth', 'can-i', 'list', 'pods', ...as])).out.trim()).toBe('yes');
    expect((await kubectl(['auth', 'can-i', 'delete', 'pods', ...as])).out.trim()).toBe('no');
    const token = (await succeeds(['create', 'token', 'robot', '-n', 'rights', '--duration=10m'])).trim();
    const own = join(folder, 'robot.kubeconfig');
    writeFileSync(own, cluster.kubeconfig({ token, name: 'robot' }), { mode: 0o600 });
    expect((await kubectl(['get', 'pods', '-n', 'rights'], '', own)).code).toBe(0);
    expect((await kubectl(['get', 'pods', '-n', 'shop'], '', own)).err).toContain('pods is forbidden: User "system:serviceaccount:rights:robot" cannot list resource "pods" in API group "" in the namespace "shop"');
    expect((await kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], '', own)).out).toBe('system:serviceaccount:rights:robot');
    await succeeds(['delete', 'serviceaccount', 'robot', '-n', 'rights']);
    expect((await kubectl(['get', 'pods', '-n', 'rights'], '', own)).err).toContain('You must be logged in to the server');
  });

  it('drains a node, respecting budgets, and deletes a namespace with all that is in it', async () => {
    const [node = ''] = (await succeeds(['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
    await succeeds(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=30s']);
    expect(await succeeds(['get', 'pods', '-A', '--field-selector', `spec.nodeName=${node}`])).toBe('');
    await succeeds(['uncordon', node]);
    await succeeds(['apply', '-f', '-'], manifest('web:1', 'leaving'));
    await succeeds(['delete', 'namespace', 'leaving', '--timeout=30s']);
    expect((await kubectl(['get', 'vs', 'web', '-n', 'leaving'])).err).toContain('not found');
  });

  it('defines a kind, uses it, and takes it away with its objects', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wdg'] },
        versions: [{
          name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3, minimum: 1 } }, 'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'must not shrink' }] }, status: { type: 'object', properties: { size: { type: 'integer' } } } } } },
        }],
      },
    };
    await succeeds(['apply', '-f', '-'], JSON.stringify(crd));
    await succeeds(['wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=10s']);
    const widget = (size?: number): string => JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' }, spec: size === undefined ? {} : { size } });
    await succeeds(['apply', '-f', '-'], widget());
    expect(await succeeds(['get', 'wdg', '--no-headers'])).toMatch(/^one\s+3\s*\n$/);
    expect((await kubectl(['apply', '-f', '-'], widget(0))).err).toContain('spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1');
    expect((await kubectl(['apply', '-f', '-'], widget(2))).err).toContain('spec: Invalid value: must not shrink');
    await succeeds(['scale', 'widget/one', '--replicas=5']);
    await succeeds(['delete', 'crd', 'widgets.example.com', '--timeout=10s']);
    // The first answer while kubectl still remembers what it discovered, the second after that.
    expect((await kubectl(['get', 'widgets'])).err).toMatch(/could not find the requested resource|doesn't have a resource type "widgets"/);
  });
});
