import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { deletePolicy, policyProgress } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { openMeshObjects, type MeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

let open: OpenFleet;
let frankfurt: MeshObjects;
beforeAll(async () => {
  open = await openFleet();
  frankfurt = openMeshObjects(clusterNamed(open.fleet, 'frankfurt').kubeconfigFile);
}, 120_000);
afterAll(async () => {
  await open.close();
}, 60_000);

const KEY = 'VirtualService.networking.istio.io/shop/reviews';
const THEIRS = { hosts: ['reviews'], http: [{ timeout: '1s', route: [{ destination: { host: 'reviews' } }] }] };
const manifests = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http: [{timeout: 9s, route: [{destination: {host: reviews}}]}]
`;
const input = (takeOver?: readonly object[]) => ({ name: 'reviews', manifests, placement: { clusterNames: ['frankfurt'] }, ...(takeOver === undefined ? {} : { takeOver }) });

interface DryRun {
  readonly objects: readonly { readonly key: string; readonly outcome: string; readonly reason: string; readonly conflicts: readonly { readonly field: string }[]; readonly diff: string }[];
  readonly warnings: readonly object[];
  readonly error: object | null;
}
async function dryRunOf(change: { readonly apply: object } | { readonly delete: object }): Promise<DryRun> {
  const { policyPreview } = await open.client.request<{ policyPreview: { userErrors: readonly object[]; clusters: { nodes: readonly { dryRun: DryRun }[] } } }>(
    `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { userErrors { message } clusters(first: 1) { nodes { dryRun {
       objects { key outcome reason conflicts { manager field } diff } warnings { message } error { message } } } } } }`,
    change,
  );
  expect(policyPreview.userErrors).toEqual([]);
  return policyPreview.clusters.nodes[0]?.dryRun ?? { objects: [], warnings: [], error: null };
}
const dryRun = (takeOver?: readonly object[]): Promise<DryRun> => dryRunOf({ apply: input(takeOver) });
async function apply(takeOver?: readonly object[]): Promise<void> {
  const { policyApply } = await open.client.request<{ policyApply: { userErrors: readonly object[] } }>(
    'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message } } }',
    { input: input(takeOver) },
  );
  expect(policyApply.userErrors).toEqual([]);
}
const status = async () => (await policyProgress(open.client, 'reviews')).get('frankfurt')?.status;
const spec = async () => (await frankfurt.snapshot()).get('virtualservices/reviews')?.spec;
const inspection = async () =>
  (
    await open.client.request<{ objectInspection: { next: { step: string; summary: string } | null; live: { found: boolean; managers: readonly { manager: string }[]; error: object | null } } }>(
      `query ($id: ID!, $key: String!) { objectInspection(clusterId: $id, key: $key) { next { step summary } live { found managers { manager } error { message } } } }`,
      { id: (await open.client.request<{ cluster: { id: string } }>('{ cluster(name: "frankfurt") { id } }')).cluster.id, key: KEY },
    )
  ).objectInspection;

it('leaves what is somebody else’s alone, previews and takes over what is named, and gives it back', { retry: 0, timeout: 180_000 }, async () => {
  await frankfurt.create('virtualservices', { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'reviews', namespace: 'shop' }, spec: THEIRS });

  await until('the agent has reported, and can be asked', 30_000, async () => (await dryRun()).error === null);
  expect(await dryRun()).toMatchObject({ error: null, objects: [{ key: KEY, outcome: 'CONFLICT', conflicts: [{ field: '.spec.http' }] }] });
  await apply();
  await until('the conflict is reported', 30_000, async () => (await status()) === 'FAILED');
  expect(await spec()).toEqual(THEIRS);
  expect(await inspection()).toMatchObject({ next: { step: 'APPLIED', summary: expect.stringContaining('Conflict') as string }, live: { found: true, error: null } });

  const taking = [{ object: KEY, fields: ['spec.http'] }];
  expect(await dryRun(taking)).toMatchObject({ objects: [{ outcome: 'CHANGED', diff: expect.stringContaining('timeout: 9s') as string }] });
  await apply(taking);
  await until('the field is taken over', 30_000, async () => (await status()) === 'APPLIED');
  expect(await spec()).toMatchObject({ http: [{ timeout: '9s' }] });
  const { next, live } = await inspection();
  expect(next).toBeNull();
  expect(live.managers.map(({ manager }) => manager)).toContain('meshfleet');

  const comesBack = { key: KEY, diff: expect.stringMatching(/^-.*timeout: 9s[\s\S]*^\+.*timeout: 1s/m) as string };
  expect(await dryRunOf({ delete: { name: 'reviews' } })).toMatchObject({ error: null, warnings: [], objects: [{ ...comesBack, outcome: 'HANDED_BACK' }] });
  const without = { ...input(), manifests: manifests.replace(/ {2}http:.*\n/, '') };
  expect(await dryRunOf({ apply: without })).toMatchObject({ error: null, objects: [{ ...comesBack, outcome: 'CHANGED', reason: 'HandedBack' }] });
  expect(await spec()).toMatchObject({ http: [{ timeout: '9s' }] });

  await deletePolicy(open.client, 'reviews');
  await until('it is given back', 30_000, async () => isDeepStrictEqual(await spec(), THEIRS));
});

it('lets a policy go whose objects were there before, though others need them; an object that would be deleted is kept for whom it serves', { retry: 0, timeout: 120_000 }, async () => {
  const istio = (kind: string, name: string, spec: object) => ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'shop' }, spec });
  const subsets = (host: string) => istio('DestinationRule', host, { host, subsets: [{ name: 'v1', labels: { version: 'v1' } }] });
  const route = (host: string) => istio('VirtualService', host, { hosts: [host], http: [{ route: [{ destination: { host, subset: 'v1' } }] }] });
  const refused = async (name: string) => {
    const { policyPreview } = await open.client.request<{ policyPreview: { refusals: readonly { finding: string; object: string }[] } }>('query ($delete: PolicyDeleteInput) { policyPreview(delete: $delete) { refusals { finding object } } }', { delete: { name } });
    return policyPreview.refusals;
  };
  const push = async (name: string, more: object = {}) => {
    const input = { name, manifests: JSON.stringify(subsets(name)), placement: { clusterNames: ['frankfurt'] }, ...more };
    const { policyApply } = await open.client.request<{ policyApply: { userErrors: readonly object[] } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message } } }', { input });
    expect(policyApply.userErrors).toEqual([]);
    await until(`${name} is applied`, 30_000, async () => (await policyProgress(open.client, name)).get('frankfurt')?.status === 'APPLIED');
  };
  await frankfurt.create('destinationrules', subsets('cart'));
  await push('cart', { conflicts: 'FORCE' });
  await push('catalog');
  for (const host of ['cart', 'catalog']) await frankfurt.create('virtualservices', route(host));

  await until('the inventory is told', 30_000, async () => (await refused('catalog')).length > 0);
  expect(await refused('catalog')).toMatchObject([{ object: expect.stringContaining('/shop/catalog') as string }]);
  expect(await refused('cart')).toEqual([]);
  await deletePolicy(open.client, 'cart');
  await until('it is given back', 30_000, async () => (await policyProgress(open.client, 'cart')).size === 0);
  expect((await frankfurt.snapshot()).get('destinationrules/cart')).toMatchObject({ spec: subsets('cart').spec });
});
