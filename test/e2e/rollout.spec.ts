import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { createGraphqlClient, type GraphqlClient } from '../../apps/demo/src/graphql-client.ts';
import { refuseProblems, until, type Problems } from '../../apps/demo/src/seed.ts';
import { openMeshObjects, type MeshObject, type MeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { keepAway } from './keep-away.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

interface ShownRollout {
  readonly id: string;
  readonly status: string;
  readonly because: string;
  readonly waves: readonly { readonly name: string; readonly clusters: { readonly nodes: readonly { readonly phase: string; readonly cluster: { readonly name: string } }[] } }[];
  readonly timeline: { readonly nodes: readonly { readonly kind: string; readonly message: string; readonly actor: string | null }[] };
}

const NAMES = ['frankfurt', 'virginia', 'dublin'] as const;
const ROLLOUT = 'id status because waves { name clusters(first: 5) { nodes { phase cluster { name } } } } timeline(first: 30) { nodes { kind message actor } }';

let open: OpenFleet;
const objects = new Map<string, MeshObjects>();

beforeAll(async () => {
  open = await openFleet();
  for (const name of NAMES) objects.set(name, openMeshObjects(clusterNamed(open.fleet, name).kubeconfigFile));
}, 120_000);
afterAll(() => open.close(), 60_000);

it('a bad version is stopped in its first wave and taken back; a good one goes through with an approval, and does not wait for a cluster that is away', { retry: 0, timeout: 300_000 }, async () => {
  await apply(['checkout'], 1);
  await everywhere('checkout', 1, NAMES);
  const before = new Map(await Promise.all(NAMES.map(async (name) => [name, await held(name)] as const)));

  // Somebody in the staging cluster has an object of their own, which the next version wants too.
  await objects.get('dublin')?.create('virtualservices', virtualService('cart', 7));
  const bad = await apply(['checkout', 'cart'], 2, { waves: [{ name: 'canary', clusterSelector: 'env=staging' }], failureGraceSeconds: 0 });
  await until('the bad version is rolled back', 60_000, async () => (await rollout(bad)).status === 'ROLLED_BACK');
  const rolledBack = await rollout(bad);
  expect(rolledBack.timeline.nodes.map(({ kind }) => kind).reverse()).toEqual(['PLANNED', 'WAVE_OPENED', 'CLUSTER_FAILED', 'ROLLBACK_BEGAN', 'ROLLED_BACK']);
  expect(rolledBack.timeline.nodes.find(({ kind }) => kind === 'CLUSTER_FAILED')?.message).toContain('dublin: VirtualService.networking.istio.io/shop/cart');
  // Production was never touched, and the canary holds what it held; what was somebody's is theirs.
  for (const name of ['frankfurt', 'virginia'] as const) expect(await held(name)).toEqual(before.get(name));
  await everywhere('checkout', 1, NAMES);
  expect(timeoutOf(await held('dublin'), 'cart')).toBe('7s');

  const good = await apply(['checkout'], 3, { waves: [{ name: 'canary', clusterSelector: 'env=staging', gates: { approval: { when: 'AFTER' } } }], failureGraceSeconds: 0 });
  await until('the canary waits for an approval', 60_000, async () => (await rollout(good)).status === 'WAITING_APPROVAL');
  await everywhere('checkout', 3, ['dublin']);
  await everywhere('checkout', 1, ['frankfurt', 'virginia']);
  const comeBack = await keepAway(open, 'virginia');
  expect((await approve(open.client, good)).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
  refuseProblems(await approve(await program(), good));
  await until('the rollout has succeeded', 60_000, async () => (await rollout(good)).status === 'SUCCEEDED');
  await everywhere('checkout', 3, ['frankfurt', 'dublin']);
  expect((await rollout(good)).waves[1]?.clusters.nodes.map(({ phase, cluster }) => [cluster.name, phase])).toEqual([['frankfurt', 'UPDATED'], ['virginia', 'UPDATING']]);
  await everywhere('checkout', 1, ['virginia']);

  comeBack();
  await everywhere('checkout', 3, NAMES);
});

function virtualService(name: string, seconds: number): object {
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec: { hosts: [name], http: [{ timeout: `${seconds}s`, route: [{ destination: { host: 'frontend' } }] }] } };
}

/** Returns the rollout's id, where a strategy is given. */
async function apply(names: readonly string[], seconds: number, strategy?: object): Promise<string> {
  const { policyApply } = await open.client.request<{ policyApply: Problems & { rollout: { id: string } | null } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { rollout { id } userErrors { code message } } }', {
    input: { name: 'timeouts', manifests: names.map((name) => JSON.stringify(virtualService(name, seconds))).join('\n---\n'), placement: { clusterSelector: '' }, ...(strategy === undefined ? {} : { rollout: strategy }) },
  });
  refuseProblems(policyApply);
  return policyApply.rollout?.id ?? '';
}

async function rollout(id: string): Promise<ShownRollout> {
  return (await open.client.request<{ node: ShownRollout }>(`query ($id: ID!) { node(id: $id) { ... on Rollout { ${ROLLOUT} } } }`, { id })).node;
}

async function approve(client: GraphqlClient, id: string): Promise<Problems> {
  return (await client.request<{ rolloutApprove: Problems }>('mutation ($id: ID!) { rolloutApprove(input: {id: $id, wave: 0}) { userErrors { code message } } }', { id })).rolloutApprove;
}

/** Somebody else than the author: a pipeline with a token of its own. */
async function program(): Promise<GraphqlClient> {
  const { apiTokenCreate } = await open.client.request<{ apiTokenCreate: Problems & { secret: string } }>('mutation { apiTokenCreate(input: {name: "pipeline", role: OPERATOR}) { secret userErrors { code message } } }');
  refuseProblems(apiTokenCreate);
  return createGraphqlClient({ url: open.fleet.url, token: apiTokenCreate.secret });
}

async function held(name: string): Promise<Map<string, MeshObject>> {
  return (await objects.get(name)?.snapshot()) ?? new Map<string, MeshObject>();
}

async function everywhere(service: string, seconds: number, names: readonly string[]): Promise<void> {
  await until(`${service} times out after ${seconds} s in ${names.join(', ')}`, 60_000, async () => {
    const found = await Promise.all(names.map(async (name) => timeoutOf(await held(name), service)));
    return found.every((timeout) => timeout === `${seconds}s`);
  });
}

const timeoutOf = (found: Map<string, MeshObject>, name: string): unknown => (found.get(`virtualservices/${name}`)?.spec as { http?: { timeout?: string }[] } | undefined)?.http?.[0]?.timeout;
