import { readFileSync } from 'node:fs';
import { accessFromKubeconfig, createKubeClient, createTransport, RESOURCES } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { policyProgress } from '../../apps/demo/src/policies.ts';
import { refuseProblems, until, type Problems } from '../../apps/demo/src/seed.ts';
import { openMeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

const NAMES = ['frankfurt', 'virginia', 'dublin'] as const;

let open: OpenFleet;
beforeAll(async () => {
  open = await openFleet();
}, 120_000);
afterAll(() => open.close(), 60_000);

interface Route {
  readonly hosts: readonly string[];
  readonly gateways?: readonly string[];
  readonly http: readonly { readonly timeout?: string; readonly mirrors?: readonly object[] }[];
}
async function route(cluster: string, name: string): Promise<{ spec: Route | undefined; labels: Record<string, string> }> {
  const object = (await openMeshObjects(clusterNamed(open.fleet, cluster).kubeconfigFile).snapshot()).get(`virtualservices/${name}`);
  return { spec: object?.spec as Route | undefined, labels: (object?.metadata['labels'] ?? {}) as Record<string, string> }; // a VirtualService
}
const progress = async (policy: string): Promise<object> => Object.fromEntries([...(await policyProgress(open.client, policy).catch(() => new Map<string, never>()))].map(([name, { status }]) => [name, status]));
const statuses = (policy: string, expected: object) => until(`${policy} is ${JSON.stringify(expected)}`, 60_000, async () => JSON.stringify(Object.entries(await progress(policy)).sort()) === JSON.stringify(Object.entries(expected).sort()));

it('a policy with variables and patches says in each cluster what they make of it there, as previewed, and follows the cluster’s labels', { retry: 0, timeout: 180_000 }, async () => {
  const apply = {
    name: 'routes',
    manifests: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: ["\${cluster.name}.example.com"], http: [{timeout: "\${var.timeout}", route: [{destination: {host: frontend}}]}]}
`,
    variables: [{ name: 'timeout', default: '3s', values: [{ clusterSelector: 'env=prod', value: '9s' }] }],
    patches: [
      { clusterSelector: 'region=eu-west-1', target: { kind: 'VirtualService' }, patch: 'metadata: {labels: {zone: eu}}' },
      { clusterSelector: 'env=prod', type: 'JSON', patch: '[{op: add, path: /spec/gateways, value: [mesh]}]' },
    ],
    placement: { clusterSelector: '' },
  };
  const { policyPreview } = await open.client.request<{ policyPreview: Problems & { clusters: { nodes: { cluster: { name: string }; diff: { added: { diff: string }[] } }[] } } }>(
    'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { code message } clusters(first: 5) { nodes { cluster { name } diff { added { diff } } } } } }',
    { apply },
  );
  refuseProblems(policyPreview);
  const shown = new Map(policyPreview.clusters.nodes.map(({ cluster, diff }) => [cluster.name, diff.added.map((each) => each.diff).join('')]));
  refuseProblems((await open.client.request<{ policyApply: Problems }>('mutation ($apply: PolicyApplyInput!) { policyApply(input: $apply) { userErrors { code message } } }', { apply })).policyApply);
  await statuses('routes', { frankfurt: 'APPLIED', virginia: 'APPLIED', dublin: 'APPLIED' });

  for (const name of NAMES) {
    const production = name !== 'dublin';
    const { spec, labels } = await route(name, 'web');
    expect(spec, name).toEqual({ hosts: [`${name}.example.com`], http: [{ timeout: production ? '9s' : '3s', route: [{ destination: { host: 'frontend' } }] }], ...(production ? { gateways: ['mesh'] } : {}) });
    expect(labels['zone'], name).toBe(production ? undefined : 'eu');
    expect(shown.get(name), name).toContain(`+    - ${name}.example.com`);
    expect(shown.get(name)?.includes('timeout: 9s'), name).toBe(production);
    expect(shown.get(name)?.includes('+    zone: eu'), name).toBe(!production);
  }

  const { cluster } = await open.client.request<{ cluster: { id: string } }>('{ cluster(name: "virginia") { id } }');
  const labels = [{ key: 'env', value: 'staging' }, { key: 'region', value: 'us-east-1' }];
  refuseProblems((await open.client.request<{ clusterUpdate: Problems }>('mutation ($input: ClusterUpdateInput!) { clusterUpdate(input: $input) { userErrors { code message } } }', { input: { id: cluster.id, labels } })).clusterUpdate);
  await until('virginia is no production any longer', 60_000, async () => (await route('virginia', 'web')).spec?.http[0]?.timeout === '3s');
  expect((await route('virginia', 'web')).spec).not.toHaveProperty('gateways');
  expect((await route('frankfurt', 'web')).spec?.http[0]?.timeout).toBe('9s');
});

it('a version that one cluster’s older CRD would refuse is refused with its name; or the others have it, where that is asked for', { retry: 0, timeout: 180_000 }, async () => {
  await forgetMirrors('dublin');
  const apply = {
    name: 'copies',
    manifests: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: copied, namespace: shop}
spec: {hosts: [copied], http: [{route: [{destination: {host: cart}}], mirrors: [{destination: {host: catalog}}]}]}
`,
    placement: { clusterSelector: '' },
  };
  interface Answer {
    readonly userErrors: readonly { readonly code: string; readonly message: string; readonly clusters: readonly string[] }[];
    readonly warnings: readonly { readonly clusters: readonly string[] }[];
  }
  const ask = async (more: object = {}): Promise<Answer> => (await open.client.request<{ policyCheck: Answer }>('query ($input: PolicyCheckInput!) { policyCheck(input: $input) { userErrors { code message clusters } warnings { clusters } } }', { input: { manifests: apply.manifests, placement: apply.placement, ...more } })).policyCheck;
  const push = async (more: object = {}): Promise<Answer> => (await open.client.request<{ policyApply: Answer }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message clusters } warnings { clusters } } }', { input: { ...apply, ...more } })).policyApply;

  await until('the hub knows what dublin serves', 60_000, async () => (await ask()).userErrors.length > 0);
  const { userErrors } = await push();
  expect(userErrors).toMatchObject([{ clusters: ['dublin'], message: expect.stringContaining('mirrors') as string }]);
  expect((await policyProgress(open.client, 'copies')).size).toBe(0);

  const partial = await push({ allowPartial: true });
  expect(partial).toMatchObject({ userErrors: [], warnings: [{ clusters: ['dublin'] }] });
  await statuses('copies', { frankfurt: 'APPLIED', virginia: 'APPLIED', dublin: 'FAILED' });
  for (const name of ['frankfurt', 'virginia']) expect((await route(name, 'copied')).spec?.http[0]?.mirrors, name).toHaveLength(1);
  expect((await route('dublin', 'copied')).spec).toBeUndefined();
  const { cluster } = await open.client.request<{ cluster: { conditions: { nodes: { key: string; status: string; message: string }[] } } }>('{ cluster(name: "dublin") { conditions(first: 10) { nodes { key status message } } } }');
  expect(cluster.conditions.nodes).toMatchObject([{ key: 'VirtualService.networking.istio.io/shop/copied', status: 'FAILED', message: expect.stringContaining('mirrors') as string }]);
});

/** The definition of VirtualServices as an Istio without `mirrors` has it. */
async function forgetMirrors(cluster: string): Promise<void> {
  const transport = createTransport(await accessFromKubeconfig(readFileSync(clusterNamed(open.fleet, cluster).kubeconfigFile, 'utf8')), { userAgent: 'helm' });
  const client = createKubeClient(transport);
  const definition = await client.get(RESOURCES.customResourceDefinitions, '', 'virtualservices.networking.istio.io');
  const older = JSON.parse(JSON.stringify(definition, (field, value: unknown) => (field === 'mirrors' ? undefined : value))) as KubeObject; // one property less
  await client.update(RESOURCES.customResourceDefinitions, older);
  transport.close();
}
