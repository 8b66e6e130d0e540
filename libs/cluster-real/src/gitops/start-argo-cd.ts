import { MeshfleetError, type JsonObject, type KubeObject } from '@meshfleet/model';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { freePorts } from '../bed/free-ports.ts';
import { startProcess, waitForProcess, type ManagedProcess, type ProcessSpec } from '../bed/managed-process.ts';
import { kubectl } from '../cluster/kubectl.ts';
import type { RealCluster } from '../cluster/start-real-cluster.ts';
import { waitForDefinitions } from '../cluster/wait-for-definitions.ts';
import { runCommand } from '../network/run-command.ts';
import { refuseBeyondLimit, toolLimit } from '../parts/mesh-limit.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { PARTS } from '../parts/part.ts';
import { moduleOf, type OtherTool } from './other-tool.ts';

export interface ArgoCd {
  /** An Application with a git repository of its own; it prunes, and syncs by itself. */
  application(name: string, options?: ArgoApplication): Promise<OtherTool>;
  /** Merges this into `argocd-cm` or another of its resources. */
  configure(resource: string, patch: JsonObject): Promise<void>;
  /** A project that applications may be of, in which everything is allowed. */
  project(name: string, spec?: JsonObject): Promise<void>;
  stop(): Promise<void>;
}

export interface ArgoApplication {
  readonly project?: string;
  readonly syncOptions?: readonly string[];
  /** Has the API server compute differences, by dry runs. */
  readonly serverSideDiff?: boolean;
  /** False: it says OutOfSync, and leaves it at that. */
  readonly selfHeal?: boolean;
}

const NAMESPACE = 'argocd';
const SETTLES_WITHIN_MS = 60_000;
/** Every resource that Argo CD takes for its own settings has it. */
const PART_OF = { labels: { 'app.kubernetes.io/part-of': 'argocd' } };

/** Starts Argo CD's application controller and repository server, with their Redis, beside a cluster. */
export async function startArgoCd(cluster: RealCluster): Promise<ArgoCd> {
  refuseBeyondLimit('Argo CD', toolLimit('argo-cd'));
  const folder = join(cluster.folder, 'argo-cd');
  for (const inner of ['tmp', 'tls', 'ssh', 'gpg', 'plugins', 'redis', 'repositories']) mkdirSync(join(folder, inner), { recursive: true });
  const run = (...args: string[]): Promise<string> => kubectl(cluster.kubeconfigFile, ['-n', NAMESPACE, ...args]);
  const apply = (objects: readonly object[]): Promise<string> => kubectl(cluster.kubeconfigFile, ['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await run('apply', '--server-side', '-k', join(await moduleOf('argo-cd', 'github.com/argoproj/argo-cd/v3'), 'manifests', 'crds'));
  await waitForDefinitions(cluster.kubeconfigFile);
  await apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...['argocd-cm', 'argocd-rbac-cm', 'argocd-gpg-keys-cm', 'argocd-ssh-known-hosts-cm', 'argocd-tls-certs-cm'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE, ...PART_OF } })),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-secret', namespace: NAMESPACE, ...PART_OF } },
    projectOf('default', {}),
  ]);

  const claim = await freePorts(4);
  const [redisPort = 0, repoPort = 0, repoMetrics = 0, metrics = 0] = claim.ports;
  const processes: ManagedProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((child) => child.kill()));
    claim.release();
  };
  const start = async (spec: ProcessSpec, port: number): Promise<void> => {
    const child = startProcess(spec);
    processes.push(child);
    await waitForProcess(child, spec.logFile, () => listens(port));
  };
  const argo = (role: string, args: readonly string[]): ProcessSpec => ({
    name: role,
    program: binaryPath(PARTS['argo-cd'], 'cmd'),
    args,
    cwd: folder,
    env: {
      ARGOCD_BINARY_NAME: role,
      ARGOCD_FAKE_IN_CLUSTER: 'true',
      ARGOCD_GPG_ENABLED: 'false',
      ARGOCD_GNUPGHOME: join(folder, 'gpg'),
      ARGOCD_TLS_DATA_PATH: join(folder, 'tls'),
      ARGOCD_SSH_DATA_PATH: join(folder, 'ssh'),
      ARGOCD_PLUGINSOCKFILEPATH: join(folder, 'plugins'),
      ARGOCD_ASK_PASS_SOCK: join(folder, 'ask-pass.sock'),
      HOSTNAME: `${role}-0`,
      KUBECONFIG: cluster.kubeconfigFile,
      TMPDIR: join(folder, 'tmp'),
    },
    logFile: join(folder, `${role}.log`),
  });
  try {
    await start({ name: 'redis', program: 'redis-server', args: ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--dir', join(folder, 'redis')], logFile: join(folder, 'redis.log') }, redisPort);
    const redis = `127.0.0.1:${redisPort}`;
    await start(argo('argocd-repo-server', ['--address=127.0.0.1', `--port=${repoPort}`, '--metrics-address=127.0.0.1', `--metrics-port=${repoMetrics}`, '--disable-tls', `--redis=${redis}`]), repoPort);
    const patience = ['--self-heal-timeout-seconds=1', '--self-heal-backoff-timeout-seconds=1', '--self-heal-backoff-factor=1'];
    await start(argo('argocd-application-controller', [`--kubeconfig=${cluster.kubeconfigFile}`, `--namespace=${NAMESPACE}`, `--metrics-port=${metrics}`, `--redis=${redis}`, `--repo-server=127.0.0.1:${repoPort}`, '--repo-server-plaintext', ...patience]), metrics);
  } catch (error) {
    await stop();
    throw error;
  }
  const patch = async (what: string, value: object): Promise<void> => void (await run('patch', what, '--type=merge', '-p', JSON.stringify(value)));

  return {
    configure: patch,
    project: async (name, spec = {}) => void (await apply([projectOf(name, spec)])),
    stop,
    application: async (name, { project = 'default', syncOptions = [], serverSideDiff = false, selfHeal = true } = {}) => {
      const repository = join(folder, 'repositories', name);
      const git = (...args: string[]): Promise<string> => runCommand('git', ['-C', repository, '-c', 'user.name=shop', '-c', 'user.email=shop@example.com', ...args]);
      mkdirSync(repository);
      await git('init', '--quiet', '--initial-branch=main');
      const commit = async (objects: readonly KubeObject[]): Promise<string> => {
        for (const file of readdirSync(repository)) if (file.endsWith('.json')) rmSync(join(repository, file));
        objects.forEach((object, index) => writeFileSync(join(repository, `${index}.json`), JSON.stringify(object)));
        await git('add', '--all');
        await git('commit', '--quiet', '--allow-empty', '--message', 'change the shop');
        return (await git('rev-parse', 'HEAD')).trim();
      };
      await commit([]);
      const resource = `applications.argoproj.io/${name}`;
      await apply([{
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name, namespace: NAMESPACE, ...(serverSideDiff ? { annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' } } : {}) },
        spec: { project, source: { repoURL: `file://${repository}`, path: '.', targetRevision: 'main' }, destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' }, syncPolicy: { automated: { prune: true, selfHeal, allowEmpty: true }, ...(syncOptions.length === 0 ? {} : { syncOptions: [...syncOptions] }) } },
      }]);
      const look = async (): Promise<z.infer<typeof applicationSchema>> => applicationSchema.parse(JSON.parse(await run('get', resource, '-o', 'json')));
      const settle = async (refresh: 'normal' | 'hard'): Promise<z.infer<typeof applicationSchema>> => {
        await patch(resource, { metadata: { annotations: { [REFRESH]: refresh } } });
        const deadline = performance.now() + SETTLES_WITHIN_MS;
        for (;;) {
          const now = await look();
          const idle = now.metadata.annotations?.[REFRESH] === undefined && now.operation === undefined && now.status.operationState?.phase !== 'Running' && now.status.sync !== undefined;
          if (idle) return now;
          if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: `Argo CD did not settle within ${SETTLES_WITHIN_MS / 1000} s`, why: JSON.stringify(now.status) });
          await sleep(100);
        }
      };
      return {
        manager: 'argocd-controller',
        publish: async (objects) => {
          const revision = await commit(objects);
          const deadline = performance.now() + SETTLES_WITHIN_MS;
          for (;;) {
            const { status } = await settle('hard');
            if (status.sync?.status === 'Synced' && status.sync.revision === revision) return;
            if (performance.now() > deadline) throw new MeshfleetError({ code: 'INTERNAL', summary: 'Argo CD did not sync what was published', why: JSON.stringify(status) });
            await sleep(300);
          }
        },
        reconcile: async () => {
          const { status } = await settle('normal');
          const broken = status.conditions?.map(({ type, message }) => `${type}: ${message}`) ?? [];
          return [status.sync?.status ?? 'Unknown', ...broken].join('; ');
        },
        configure: (value) => patch(resource, value),
      };
    },
  };
}

function projectOf(name: string, spec: JsonObject): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name, namespace: NAMESPACE },
    spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }], ...spec },
  };
}

const REFRESH = 'argocd.argoproj.io/refresh';

const applicationSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }),
  operation: z.unknown().optional(),
  status: z.object({
    sync: z.object({ status: z.string(), revision: z.string().optional() }).optional(),
    operationState: z.object({ phase: z.string(), syncResult: z.object({ revision: z.string().optional() }).optional() }).optional(),
    conditions: z.array(z.object({ type: z.string(), message: z.string() })).optional(),
  }).prefault({}),
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
