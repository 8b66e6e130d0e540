import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { freePorts } from '../bed/free-ports.ts';
import { startProcess, waitForProcess } from '../bed/managed-process.ts';
import { kubectl } from '../cluster/kubectl.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import { waitForDefinitions } from '../cluster/wait-for-definitions.ts';
import { runCommand } from '../network/run-command.ts';
import { refuseBeyondLimit, toolLimit } from '../parts/mesh-limit.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { PARTS } from '../parts/part.ts';
import { moduleOf, type OtherTool } from './other-tool.ts';

export interface Flux extends OtherTool {
  stop(): Promise<void>;
}

const NAMESPACE = 'flux-system';
const NAME = 'shop';
const KUSTOMIZATION = `kustomizations.kustomize.toolkit.fluxcd.io/${NAME}`;
const SETTLES_WITHIN_MS = 30_000;

/**
 * Starts Flux's kustomize-controller beside a cluster, with one Kustomization that prunes. Of its source-controller only what
 * the kustomize-controller reads of it is here: a GitRepository whose artifact this process writes and serves.
 */
export async function startFlux(cluster: RealCluster): Promise<Flux> {
  refuseBeyondLimit('Flux', toolLimit('flux'));
  const folder = join(cluster.folder, 'flux');
  mkdirSync(folder, { recursive: true });
  const apply = (objects: readonly object[]): Promise<string> => kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const patch = (what: string, value: object, ...more: string[]): Promise<string> => kubectl(cluster.kubeconfigFile, ['-n', NAMESPACE, 'patch', what, '--type=merge', '-p', JSON.stringify(value), ...more]);
  await kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', join(await moduleOf('flux', 'github.com/fluxcd/kustomize-controller'), 'config', 'crd', 'bases')]);
  await apply(['GitRepository', 'OCIRepository', 'Bucket', 'ExternalArtifact'].map(sourceDefinition));
  await waitForDefinitions(cluster.kubeconfigFile);
  await apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository', metadata: { name: NAME, namespace: NAMESPACE }, spec: { url: 'https://git.example.com/shop', interval: '10m' } },
    { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: { name: NAME, namespace: NAMESPACE }, spec: { interval: '10m', prune: true, path: './', sourceRef: { kind: 'GitRepository', name: NAME } } },
  ]);

  const artifacts = createServer((request, response) => {
    response.end(readFileSync(join(folder, `${/\w+/.exec(request.url ?? '')?.[0] ?? ''}.tar.gz`)));
  });
  await new Promise<void>((resolve) => artifacts.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address with a port.
  const { port } = artifacts.address() as AddressInfo;
  const claim = await freePorts(2);
  const [metrics = 0, health = 0] = claim.ports;
  const logFile = join(folder, 'kustomize-controller.log');
  const controller = startProcess({
    name: 'kustomize-controller',
    program: binaryPath(PARTS.flux, 'kustomize-controller'),
    args: [`--metrics-addr=127.0.0.1:${metrics}`, `--health-addr=127.0.0.1:${health}`, '--enable-leader-election=false'],
    env: { KUBECONFIG: cluster.kubeconfigFile, RUNTIME_NAMESPACE: NAMESPACE },
    logFile,
  });
  const stop = async (): Promise<void> => {
    await controller.kill();
    claim.release();
    await new Promise((resolve) => artifacts.close(resolve));
  };
  try {
    await waitForProcess(controller, logFile, async () => (await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined))?.ok === true);
  } catch (error) {
    await stop();
    throw error;
  }

  const look = async (): Promise<Status> => statusSchema.parse(JSON.parse(await kubectl(cluster.kubeconfigFile, ['-n', NAMESPACE, 'get', KUSTOMIZATION, '-o', 'json'])));
  let asked = 0;
  const reconcile = async (): Promise<Status> => {
    const request = String((asked += 1));
    await patch(KUSTOMIZATION, { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': request } } });
    const deadline = performance.now() + SETTLES_WITHIN_MS;
    for (;;) {
      const now = await look();
      const ready = now.status.conditions?.find(({ type }) => type === 'Ready');
      if (now.status.lastHandledReconcileAt === request && ready?.observedGeneration === now.metadata.generation && ready.status !== 'Unknown') return now;
      if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `Flux did not reconcile within ${SETTLES_WITHIN_MS / 1000} s`, why: JSON.stringify(now.status) });
      await sleep(100);
    }
  };
  const verdict = ({ status }: Status): string => {
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True' ? 'Ready' : `not ready: ${ready?.message}`;
  };
  return {
    manager: 'kustomize-controller',
    publish: async (objects) => {
      const digest = await pack(folder, objects);
      const artifact = { path: `gitrepository/${NAME}/${digest}.tar.gz`, url: `http://127.0.0.1:${port}/${digest}`, revision: `main@sha256:${digest}`, digest: `sha256:${digest}`, lastUpdateTime: new Date().toISOString() };
      await patch(`gitrepositories.source.toolkit.fluxcd.io/${NAME}`, { status: { artifact } }, '--subresource=status');
      const after = await reconcile();
      if (after.status.lastAppliedRevision !== artifact.revision) throw new MeshfleetError({ code: 'INTERNAL', summary: `Flux applied ${after.status.lastAppliedRevision}, not ${artifact.revision}`, why: verdict(after) });
    },
    reconcile: async () => verdict(await reconcile()),
    configure: async (value) => void (await patch(KUSTOMIZATION, value)),
    stop,
  };
}

const statusSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  status: z.object({
    lastHandledReconcileAt: z.string().optional(),
    lastAppliedRevision: z.string().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string(), observedGeneration: z.number().optional() })).optional(),
  }).prefault({}),
});
type Status = z.infer<typeof statusSchema>;

/** What the kustomize-controller looks for before it starts, with nothing behind it. */
function sourceDefinition(kind: string): KubeObject {
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.source.toolkit.fluxcd.io` },
    spec: {
      group: 'source.toolkit.fluxcd.io',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } } }],
    },
  };
}

/** Resolves to the digest of the archive, which names it. */
async function pack(folder: string, objects: readonly KubeObject[]): Promise<string> {
  const tree = mkdtempSync(join(folder, 'commit-'));
  objects.forEach((object, index) => writeFileSync(join(tree, `${index}.json`), JSON.stringify(object)));
  writeFileSync(join(tree, 'kustomization.yaml'), JSON.stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: objects.map((_, index) => `${index}.json`) }));
  const archive = `${tree}.tar.gz`;
  await runCommand('tar', ['-czf', archive, '-C', tree, '.']);
  const bytes = readFileSync(archive);
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, `${digest}.tar.gz`), bytes);
  return digest;
}
