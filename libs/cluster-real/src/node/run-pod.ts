import { MeshfleetError } from '@meshfleet/model';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { startProcess, type ManagedProcess } from '../bed/managed-process.ts';
import type { BedNetwork, PodNamespace } from '../network/bed-network.ts';
import { kubeconfigWithTokenFile } from '../cluster/kubeconfig.ts';
import { signalProcess } from '../network/clear-network.ts';
import { runCommand } from '../network/run-command.ts';
import type { ApiClient } from './api-client.ts';
import { containerProgram, type ContainerProgram, type NodeFiles } from './container-program.ts';
import { containerEnvironment, podField } from './pod-fields.ts';
import { podStatus, type ContainerState } from './pod-status.ts';
import type { ServiceNetwork } from './service-network.ts';
import { createPodVolumes } from './pod-volumes.ts';
import type { Container, Pod } from './pod.ts';

/** A pod whose containers run as processes in a network namespace of its own. */
export interface RealPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string;
  readonly network: PodNamespace;
  /** Folder with the pod's root, logs and control socket. */
  readonly folder: string;
  readonly logFile: (container: string) => string;
  /** The process of a container; undefined while it is down. */
  process(container: string): ManagedProcess | undefined;
  /** Stops every process where it stands. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Volumes, restarts, probes and status, once. */
  tick(): Promise<void>;
  /** Ends it as a deletion does: proxies drain for some seconds. `now` kills instead. */
  stop(options?: { now?: boolean }): Promise<void>;
}

export interface NodeContext {
  readonly api: ApiClient;
  readonly network: BedNetwork;
  readonly files: NodeFiles;
  readonly folder: string;
  /** The API server as pods reach it. */
  readonly cluster: { readonly name: string; readonly url: string; readonly caPem: string };
  readonly services: ServiceNetwork;
  /** How long a changed Secret or ConfigMap takes to reach the pods that mount it. */
  readonly volumeDelayMs: number;
}

const RESTART_AFTER_MS = 1_000;
const SERVICE_ACCOUNT_TOKEN = 'var/run/secrets/kubernetes.io/serviceaccount/token';
const ISTIO_GROUP = 1337;

interface Running {
  readonly container: Container;
  readonly program: ContainerProgram;
  child: ManagedProcess;
  restarts: number;
  diedAt?: number;
}

/** Sets the pod up, runs its init containers to their end and starts the others. */
export async function runPod(pod: Pod, context: NodeContext): Promise<RealPod> {
  const network = await context.network.createNamespace();
  try {
    return await startContainers(pod, network, context);
  } catch (error) {
    context.services.forget(network);
    await network.remove();
    throw error;
  }
}

async function startContainers(pod: Pod, network: PodNamespace, context: NodeContext): Promise<RealPod> {
  const { api } = context;
  const { hostAddress } = context.network;
  const startedAt = new Date();
  const folder = join(context.folder, network.name);
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  for (const path of [folder, root]) {
    chownSync(path, 0, ISTIO_GROUP);
    chmodSync(path, 0o770);
  }
  const field = (path: string): string => podField(pod, network.address, hostAddress, path);
  const volumes = createPodVolumes({ api, pod, root, field, delayMs: context.volumeDelayMs });
  await volumes.sync(Date.now());
  const kubeconfigFile = join(folder, 'service-account.kubeconfig');
  writeFileSync(kubeconfigFile, kubeconfigWithTokenFile(context.cluster, join(root, SERVICE_ACCOUNT_TOKEN)));
  const logFile = (container: string): string => join(folder, `${container}.log`);
  const controlSocket = { MESHFLEET_CONTROL_SOCKET: join(folder, 'control') };
  const programOf = (container: Container): ContainerProgram | undefined =>
    containerProgram(container, { files: context.files, root, kubeconfigFile, environment: { ...containerEnvironment(container.env ?? [], field), ...controlSocket } });
  const spawnContainer = (container: Container, program: ContainerProgram): ManagedProcess =>
    startProcess({ name: `${pod.metadata.name}/${container.name}`, ...program, logFile: logFile(container.name), cwd: root, namespace: network.name });

  const running: Running[] = [];
  const begin = (container: Container): void => {
    const program = programOf(container);
    if (program !== undefined) running.push({ container, program, child: spawnContainer(container, program), restarts: 0 });
  };
  const init = pod.spec.initContainers ?? [];
  const firstSidecar = init.findIndex(({ restartPolicy }) => restartPolicy === 'Always');
  const before = firstSidecar === -1 ? init : init.slice(0, firstSidecar);
  for (const container of before) await runToEnd(programOf(container), network, root);
  await context.services.connect(network);
  for (const container of init.slice(before.length)) {
    if (container.restartPolicy === 'Always') begin(container);
    else await runToEnd(programOf(container), network, root);
  }
  pod.spec.containers.forEach(begin);

  const states = new Map<string, ContainerState>([...init, ...pod.spec.containers].map(({ name }) => [name, { ready: true, restarts: 0 }]));
  /** All in the namespace: an Envoy is a child of its agent, not ours. */
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    for (const pid of await network.processes()) signalProcess(pid, signal);
  };
  let reported = '';
  let stopped = false;
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    labels: pod.metadata.labels ?? {},
    node: pod.spec.nodeName ?? '',
    network,
    folder,
    logFile,
    process: (name) => running.find(({ container }) => container.name === name)?.child,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    tick: async () => {
      await volumes.sync(Date.now());
      await Promise.all(
        running.map(async (it) => {
          if (!stopped && !it.child.running()) {
            it.diedAt ??= performance.now();
            if (performance.now() - it.diedAt >= RESTART_AFTER_MS) {
              delete it.diedAt;
              it.restarts += 1;
              it.child = spawnContainer(it.container, it.program);
            }
          }
          states.set(it.container.name, { ready: it.child.running() && (await isReady(it.container, network.address)), restarts: it.restarts });
        }),
      );
      const text = JSON.stringify([...states]);
      if (stopped || text === reported) return;
      const status = podStatus(pod, network.address, hostAddress, states, startedAt);
      await api.patch(`/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/status`, { status });
      reported = text;
    },
    stop: async ({ now = false } = {}) => {
      stopped = true;
      await Promise.all(running.map(({ child }) => (now ? child.kill() : child.stop())));
      context.services.forget(network);
      await network.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function runToEnd(program: ContainerProgram | undefined, network: PodNamespace, cwd: string): Promise<void> {
  if (program === undefined) return;
  await runCommand('ip', ['netns', 'exec', network.name, program.program, ...program.args], '', { cwd, env: { PATH: process.env['PATH'], ...program.env } });
}

async function isReady({ readinessProbe, ports }: Container, address: string): Promise<boolean> {
  const probe = readinessProbe?.httpGet;
  if (probe === undefined) return true;
  const port = typeof probe.port === 'number' ? probe.port : ports?.find(({ name }) => name === probe.port)?.containerPort;
  if (port === undefined) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `A readiness probe names the port ${probe.port}, which its container does not have` });
  return new Promise((resolve) => {
    const request = get({ host: address, port, path: probe.path ?? '/', timeout: 1_000, agent: false }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(false);
    });
  });
}
