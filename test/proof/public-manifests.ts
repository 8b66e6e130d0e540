import { kubectl, startMesh, type RealCluster } from '@meshfleet/cluster-real';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { openProduct, type Product } from './open-product.ts';
import type { Proof, ProofRow } from './proof.ts';
import { definitionsOfGatewayApi, readPublicManifests, type PublicManifest } from './read-public-manifests.ts';

const DONE_WITHIN_MS = 90_000;

/**
 * What people have in their repositories goes through the product as it goes through kubectl: what the API server and istiod's
 * webhook take is applied, and reads the same afterwards; what they refuse is refused, in their words, and holds up nothing beside it.
 */
export const publicManifests: Proof = {
  name: 'public-manifests',
  title: 'manifests of public projects, through the product to a real API server with istiod’s validation',
  run: async (report) => {
    const mesh = await startMesh([{ name: 'east', istio: { version: '1.29' } }]);
    try {
      const [east] = mesh.clusters;
      if (east === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The mesh has no cluster' });
      await kubectl(east.cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], await definitionsOfGatewayApi());
      const manifests = await readPublicManifests();
      await createNamespaces(east.cluster, manifests);
      const product = await openProduct([east.cluster]);
      try {
        report.say(`${manifests.length} files with ${manifests.reduce((sum, { objects }) => sum + objects.length, 0)} objects`);
        // One after the other, for they share names: each is withdrawn before the next one comes.
        for (const manifest of manifests) report.row(await prove(manifest, product, east.cluster));
      } finally {
        await product.close();
      }
    } finally {
      await mesh.stop();
    }
  },
};

interface Verdict {
  readonly key: string;
  /** What the object becomes; undefined when it is refused. */
  readonly spec?: unknown;
  readonly words: string;
}

async function prove(manifest: PublicManifest, product: Product, cluster: RealCluster): Promise<ProofRow> {
  const expected = await Promise.all(manifest.objects.map(async (object) => ({ object, ...(await tryByKubectl(object, cluster)) })));
  const refused = expected.filter(({ spec }) => spec === undefined);
  const row = { sent: `${manifest.name}: ${manifest.objects.length} objects`, expected: refused.length === 0 ? 'all applied, as kubectl applies them' : `${refused.length} refused, the rest applied` };
  const problems = await push(manifest, product);
  if (problems.length > 0) return { ...row, seen: `refused by the hub: ${problems.join('; ')}`, passed: false };
  const outcome = await conditionsOf(manifest, product);
  const differences = await Promise.all(expected.map(({ object, ...verdict }) => difference(verdict, object, outcome, cluster)));
  await withdraw(manifest, expected.filter(({ spec }) => spec !== undefined).map(({ object }) => object), product, cluster);
  const wrong = differences.filter((text) => text !== '');
  const seen = refused.length === 0 ? `${expected.length} applied` : `${refused.length} refused: ${refused.map(({ words }) => words.slice(0, 80)).join('; ')}`;
  return { ...row, seen: wrong.length === 0 ? seen : wrong.join('; ').slice(0, 600), passed: wrong.length === 0 };
}

/** As kubectl takes it: `virtualservice.v1.networking.istio.io`. */
function resourceOf({ kind, apiVersion }: KubeObject): string {
  const [group, version] = apiVersion.split('/');
  return `${kind.toLowerCase()}.${version}.${group}`;
}

async function tryByKubectl(object: KubeObject, cluster: RealCluster): Promise<Verdict> {
  const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
  try {
    const text = await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '--dry-run=server', '-o', 'json', '-f', '-'], JSON.stringify(object));
    return { key, spec: (JSON.parse(text) as KubeObject)['spec'] ?? null, words: '' }; // kubectl prints the object
  } catch (error) {
    if (!(error instanceof MeshfleetError)) throw error;
    return { key, words: error.why ?? '' };
  }
}

async function push({ name, text, namespace }: PublicManifest, { client }: Product): Promise<string[]> {
  const { policyApply } = await client.request<{ policyApply: { userErrors: { code: string; message: string }[] } }>(
    'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }',
    // Each file alone, without what its author runs beside it.
    { input: { force: true, name: policyName(name), manifests: text, defaultNamespace: namespace, placement: { clusterSelector: 'name=east' } } },
  );
  return policyApply.userErrors.map(({ code, message }) => `${code} ${message}`);
}

interface Condition {
  readonly key: string;
  readonly status: string;
  readonly message: string;
}

/** Once nothing is pending any more. */
async function conditionsOf({ name }: PublicManifest, { client }: Product): Promise<readonly Condition[]> {
  const deadline = performance.now() + DONE_WITHIN_MS;
  for (;;) {
    const { policy } = await client.request<{ policy: { clusters: { nodes: { status: string; conditions: readonly Condition[] }[] } } }>(
      'query ($name: String!) { policy(name: $name) { clusters(first: 1) { nodes { status conditions { key status message } } } } }',
      { name: policyName(name) },
    );
    const [cluster] = policy.clusters.nodes;
    if (cluster?.status === 'APPLIED' || cluster?.status === 'FAILED') return cluster.conditions;
    if (performance.now() > deadline) return [{ key: name, status: cluster?.status ?? 'UNKNOWN', message: 'nothing came of it' }];
    await sleep(100);
  }
}

/** Empty when the cluster holds what kubectl would have made of it, or the product says what kubectl says. */
async function difference(verdict: Verdict, object: KubeObject, conditions: readonly Condition[], cluster: RealCluster): Promise<string> {
  const name = object.metadata.name ?? '';
  const told = conditions.find((condition) => condition.key.split('/').at(-1) === name && condition.key.startsWith(object.kind));
  if (verdict.spec === undefined) {
    const [reason = ''] = /denied the request: (.*)/s.exec(verdict.words)?.slice(1) ?? [];
    const agrees = told?.status === 'FAILED' && told.message.includes(reason.trim().slice(0, 60));
    return agrees ? '' : `${verdict.key}: kubectl is told ${verdict.words}, the product says ${told?.status ?? 'nothing'} ${told?.message ?? ''}`;
  }
  if (told?.status === 'FAILED') return `${verdict.key}: ${told.message}`;
  const text = await kubectl(cluster.kubeconfigFile, ['-n', object.metadata.namespace ?? '', 'get', resourceOf(object), name, '-o', 'json', '--ignore-not-found']);
  if (text === '') return `${verdict.key} is not in the cluster; ${JSON.stringify(conditions)}`;
  const held = (JSON.parse(text) as KubeObject)['spec'] ?? null; // kubectl prints the object
  return isDeepStrictEqual(held, verdict.spec) ? '' : `${verdict.key} reads ${JSON.stringify(held)}, and by kubectl ${JSON.stringify(verdict.spec)}`;
}

/** Until nothing is left of what was taken. */
async function withdraw({ name }: PublicManifest, taken: readonly KubeObject[], { client }: Product, cluster: RealCluster): Promise<void> {
  await client.request('mutation ($input: PolicyDeleteInput!) { policyDelete(input: $input) { userErrors { message } } }', { input: { name: policyName(name) } });
  const deadline = performance.now() + DONE_WITHIN_MS;
  for (const object of taken) {
    const { kind, metadata } = object;
    while ((await kubectl(cluster.kubeconfigFile, ['-n', metadata.namespace ?? '', 'get', resourceOf(object), metadata.name ?? '', '-o', 'name', '--ignore-not-found'])) !== '') {
      if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `${kind} ${metadata.name ?? ''} of ${name} is not withdrawn` });
      await sleep(100);
    }
  }
}

async function createNamespaces(cluster: RealCluster, manifests: readonly PublicManifest[]): Promise<void> {
  const names = new Set(manifests.flatMap(({ namespace, objects }) => [namespace, ...objects.map(({ metadata }) => metadata.namespace ?? namespace)]));
  const items = [...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

function policyName(file: string): string {
  return file.replace(/[^a-z0-9]+/g, '-').slice(-60).replace(/^-+|-+$/g, '');
}
