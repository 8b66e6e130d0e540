import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { accessFromKubeconfig, createKubeClient, createTransport, RESOURCES, type KubeClient } from '@meshfleet/kube';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { deletePolicy, policyProgress } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

const SEED = Number(process.env['MESHFLEET_SEED'] ?? 1);
const STEPS = Number(process.env['MESHFLEET_LABEL_STEPS'] ?? 25);
const WAIT_MS = 30_000;

let open: OpenFleet;
let kubectl: KubeClient;
let close: () => void;
beforeAll(async () => {
  open = await openFleet();
  const transport = createTransport(await accessFromKubeconfig(readFileSync(clusterNamed(open.fleet, 'frankfurt').kubeconfigFile, 'utf8')), { userAgent: 'kubectl' });
  [kubectl, close] = [createKubeClient(transport), () => transport.close()];
}, 120_000);
afterAll(async () => {
  close();
  await open.close();
}, 60_000);

type Labels = Readonly<Record<string, string>>;

const owned = (namespace: string, labels: Labels) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...labels } } });
/** What helm says of a namespace from now on. */
const helm = (namespace: string, labels: Labels) => kubectl.apply(RESOURCES.namespaces, owned(namespace, labels), { fieldManager: 'helm', force: true });
const manifestOf = (namespace: string, labels: Labels): string => JSON.stringify(owned(namespace, labels));

async function labelsOf(namespace: string): Promise<Labels> {
  const { metadata } = await kubectl.get(RESOURCES.namespaces, '', namespace);
  return Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !/^(kubernetes|meshfleet)\.io\//.test(key)));
}

async function come(namespace: string, labels: Labels): Promise<void> {
  let found: Labels = {};
  await until(`${namespace} has ${JSON.stringify(labels)}`, WAIT_MS, async () => isDeepStrictEqual((found = await labelsOf(namespace)), labels)).catch(() => expect(found).toEqual(labels));
}

async function apply(name: string, wanted: Readonly<Record<string, Labels>>, more: object = {}): Promise<void> {
  const manifests = Object.entries(wanted).map(([namespace, labels]) => manifestOf(namespace, labels)).join('\n---\n');
  const { policyApply } = await open.client.request<{ policyApply: { userErrors: readonly object[] } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', {
    input: { name, manifests, placement: { clusterNames: ['frankfurt'] }, ...more },
  });
  expect(policyApply.userErrors).toEqual([]);
}

const status = async (name: string): Promise<string | undefined> => (await policyProgress(open.client, name)).get('frankfurt')?.status;
const settled = (name: string, wanted: string | undefined) => until(`${name} is ${wanted ?? 'gone'}`, WAIT_MS, async () => (await status(name)) === wanted);

async function claims(namespace: string): Promise<Readonly<Record<string, readonly string[] | null>>> {
  const { cluster } = await open.client.request<{ cluster: { id: string } }>('{ cluster(name: "frankfurt") { id } }');
  const { objectInspection } = await open.client.request<{ objectInspection: { claims: readonly { holds: boolean; fields: readonly string[] | null; policy: { name: string } }[] } }>(
    'query ($id: ID!, $key: String!) { objectInspection(clusterId: $id, key: $key) { claims { holds fields policy { name } } } }',
    { id: cluster.id, key: `Namespace/${namespace}` },
  );
  return Object.fromEntries(objectInspection.claims.filter(({ holds }) => holds).map(({ policy, fields }) => [policy.name, fields]));
}

interface Foreseen {
  readonly diff: { readonly changed: readonly { readonly key: string; readonly diff: string }[]; readonly removed: readonly object[] };
  readonly shares: readonly { readonly key: string; readonly fields: readonly string[]; readonly policy: { readonly name: string } | null }[];
}

async function preview(change: Record<string, object>): Promise<Foreseen | undefined> {
  const { policyPreview } = await open.client.request<{ policyPreview: { clusters: { nodes: readonly Foreseen[] } } }>(
    'query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { clusters(first: 1) { nodes { diff { changed { key diff } removed { key } } shares { key fields policy { name } } } } } }',
    change,
  );
  return policyPreview.clusters.nodes[0];
}

it('lets two policies label one namespace: each comes, conflicts and goes with its own labels, and what was there before is back', { retry: 0, timeout: 300_000 }, async () => {
  await helm('north', { team: 'platform', app: 'north' });
  await apply('revision', { north: { 'istio.io/rev': 'stable' } });
  await settled('revision', 'APPLIED');
  const security = { north: { 'pod-security.kubernetes.io/warn': 'baseline', team: 'checkout' } };
  const foreseen = await preview({ apply: { name: 'security', manifests: manifestOf('north', security.north), placement: { clusterNames: ['frankfurt'] } } });
  expect(foreseen?.diff.changed[0]?.diff).toContain('+    team: checkout');
  expect(foreseen?.shares).toEqual([
    { key: 'Namespace/north', policy: { name: 'revision' }, fields: ['.metadata.labels.istio.io/rev'] },
    { key: 'Namespace/north', policy: null, fields: ['.metadata.labels.pod-security.kubernetes.io/warn', '.metadata.labels.team'] },
  ]);

  // A label that helm keeps is the conflict of who asks for it, and keeps no other label back.
  await apply('security', security);
  await settled('security', 'FAILED');
  await come('north', { team: 'platform', app: 'north', 'istio.io/rev': 'stable', 'pod-security.kubernetes.io/warn': 'baseline' });
  expect(await status('revision')).toBe('APPLIED');
  expect(await claims('north')).toEqual({ revision: ['.metadata.labels.istio.io/rev'], security: ['.metadata.labels.pod-security.kubernetes.io/warn', '.metadata.labels.team'] });

  await apply('security', security, { takeOver: [{ object: 'Namespace/north', fields: ['.metadata.labels.team'] }] });
  await settled('security', 'APPLIED');
  const both = { team: 'checkout', app: 'north', 'istio.io/rev': 'stable', 'pod-security.kubernetes.io/warn': 'baseline' };
  await come('north', both);

  // Somebody's change is put right whosever label it is.
  await kubectl.apply(RESOURCES.namespaces, owned('north', { 'istio.io/rev': 'canary', 'pod-security.kubernetes.io/warn': 'privileged' }), { fieldManager: 'kubectl', force: true });
  await come('north', both);

  expect((await preview({ delete: { name: 'revision' } }))?.diff).toMatchObject({ changed: [{ key: 'Namespace/north', diff: expect.stringContaining('-    istio.io/rev: stable') as string }], removed: [] });
  await deletePolicy(open.client, 'revision');
  await settled('revision', undefined);
  await come('north', { team: 'checkout', app: 'north', 'pod-security.kubernetes.io/warn': 'baseline' });
  expect(await status('security')).toBe('APPLIED');
  expect(await claims('north')).toEqual({ security: null });
  await deletePolicy(open.client, 'security');
  await settled('security', undefined);
  await come('north', { team: 'platform', app: 'north' });
});

it(`holds exactly what policies ask for, each label by the oldest that does, whatever comes, goes or changes (seed ${SEED})`, { retry: 0, timeout: 600_000 }, async () => {
  const random = dice(SEED);
  const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(random() * from.length)] ?? from[0];
  const before: Readonly<Record<string, Labels>> = { east: { x: 'helm', app: 'east' }, west: { z: 'helm', app: 'west' } };
  for (const [namespace, labels] of Object.entries(before)) await helm(namespace, labels);
  // In the order in which they were created, the oldest first.
  let live: { readonly name: string; readonly wanted: Readonly<Record<string, Labels>> }[] = [];
  let created = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const some = (): Labels => Object.fromEntries((['w', 'x', 'y', 'z'] as const).filter(() => random() < 0.5).map((label) => [label, pick(['1', '2'])]));
    const wanted = Object.fromEntries((['east', 'west'] as const).map((namespace) => [namespace, some()] as const).filter(([, labels]) => Object.keys(labels).length > 0));
    const chosen = live[Math.floor(random() * 5)];
    if (Object.keys(wanted).length === 0) {
      if (chosen === undefined) continue;
      await deletePolicy(open.client, chosen.name);
      live = live.filter(({ name }) => name !== chosen.name);
    } else if (chosen === undefined) {
      created += 1;
      live = [...live, { name: `labels-${created}`, wanted }];
      await apply(`labels-${created}`, wanted, { conflicts: 'FORCE' });
    } else {
      live = live.map((policy) => (policy.name === chosen.name ? { ...policy, wanted } : policy));
      await apply(chosen.name, wanted, { conflicts: 'FORCE' });
    }
    for (const [namespace, labels] of Object.entries(before)) await come(namespace, live.reduceRight<Labels>((under, policy) => ({ ...under, ...policy.wanted[namespace] }), labels));
  }
  for (const { name } of live) await deletePolicy(open.client, name);
  for (const [namespace, labels] of Object.entries(before)) await come(namespace, labels);
});
