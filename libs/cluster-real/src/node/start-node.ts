import { setTimeout as sleep } from 'node:timers/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MeshfleetError } from '@meshfleet/model';
import type { Bed } from '../bed/bed.ts';
import type { RealCluster, RealNode } from '../cluster/start-real-cluster.ts';
import type { BedNetwork } from '../network/bed-network.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { placeNodeFiles } from './node-files.ts';
import { openPodApiServer, type PodApiServer } from './pod-api-server.ts';
import type { Pod } from './pod.ts';
import { remember } from './remember.ts';
import { runPod, type NodeContext, type RealPod } from './run-pod.ts';
import { createServiceNetwork } from './service-network.ts';

/** Label and taint of nodes whose pods run as real processes; see {@link onRealNodes}. */
export const REAL_NODE = 'real.meshfleet.io/node';

/** What a pod template needs to run for real. */
export const onRealNodes = {
  nodeSelector: { [REAL_NODE]: 'true' },
  tolerations: [{ key: REAL_NODE, operator: 'Exists', effect: 'NoSchedule' }],
} as const;

/** The nodes of a cluster on which pods are processes: kubelet, kube-proxy, DNS and cloud in one. */
export interface RealNodes {
  readonly api: ApiClient;
  readonly network: BedNetwork;
  /** The API server as pods reach it; cutting this leaves them without, and nobody else. */
  readonly apiServer: PodApiServer;
  /** Pods of now, by namespace and labels. */
  pods(namespace: string, labels?: Readonly<Record<string, string>>): RealPod[];
  /** Has pods find names of the world outside at these addresses, as its DNS would. */
  publish(names: Readonly<Record<string, string>>): void;
  /** What went wrong with pods since the start, newest last. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

export interface RealNodesOptions {
  readonly bed: Bed;
  readonly network: BedNetwork;
  readonly nodes?: readonly RealNode[];
  readonly volumeDelayMs?: number;
}

const DEFAULT_NODES: readonly RealNode[] = [{ name: 'real-a', region: 'region-1', zone: 'region-1-a' }];
const TICK_MS = 500;
/** The node controller takes a node for dead after 50 s without a sign of life. */
const LEASE_EVERY_MS = 10_000;
const SNAPSHOT_MS = 400;

export async function startRealNodes(cluster: RealCluster, options: RealNodesOptions): Promise<RealNodes> {
  const { bed, network, nodes = DEFAULT_NODES, volumeDelayMs = 0 } = options;
  const api = createApiClient(cluster);
  const apiServer = openPodApiServer(cluster.url);
  const url = await apiServer.urlFrom(network);
  const folder = join(bed.folder, 'pods');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const context: NodeContext = {
    api: { ...api, find: remember((path) => api.find(path), SNAPSHOT_MS) as ApiClient['find'] }, // the answers are those of the paths asked for
    network,
    files: await placeNodeFiles(bed),
    folder,
    cluster: { name: cluster.name, url, caPem: cluster.caPem },
    services: createServiceNetwork(api, network),
    volumeDelayMs,
  };
  for (const node of nodes) await createNode(api, node, network.hostAddress);
  const { stop, ...loop } = runLoop(context, nodes.map(({ name }) => name));
  return {
    ...loop,
    api,
    network,
    apiServer: { ...apiServer, url },
    publish: context.services.publish,
    stop: async () => {
      await stop();
      await apiServer.close();
      api.close();
    },
  };
}

type Slot = { readonly pod: Promise<RealPod>; live?: RealPod; stopping?: Promise<void> };

function runLoop(context: NodeContext, nodeNames: readonly string[]): Pick<RealNodes, 'pods' | 'problems' | 'stop'> {
  const { api, services } = context;
  const slots = new Map<string, Slot>();
  const problems: string[] = [];
  const note = (problem: unknown): void => {
    const text = problem instanceof MeshfleetError ? `${problem.summary}\n${problem.why ?? ''}` : String(problem);
    if (problems.at(-1) !== text) problems.push(text);
  };
  const live = (): RealPod[] => [...slots.values()].flatMap((slot) => (slot.live === undefined || slot.stopping !== undefined ? [] : [slot.live]));

  const begin = (pod: Pod): void => {
    const slot: Slot = { pod: runPod(pod, context) };
    slots.set(pod.metadata.uid, slot);
    slot.pod.then(
      (it) => (slot.live = it),
      (problem: unknown) => {
        note(problem);
        // The next round tries again.
        slots.delete(pod.metadata.uid);
      },
    );
  };
  const end = (uid: string, slot: Slot, now = false): Promise<void> =>
    (slot.stopping ??= slot.pod.then((it) => it.stop({ now }), () => undefined).finally(() => slots.delete(uid)));
  const reconcile = async (): Promise<void> => {
    const lists = await Promise.all(nodeNames.map((name) => api.get<{ items: Pod[] }>(`/api/v1/pods?fieldSelector=spec.nodeName=${name}`)));
    const mine = new Map(lists.flatMap(({ items }) => items).map((pod) => [pod.metadata.uid, pod]));
    for (const [uid, slot] of slots) if (!mine.has(uid)) void end(uid, slot);
    for (const [uid, pod] of mine) {
      if (pod.metadata.deletionTimestamp === undefined) {
        if (!slots.has(uid)) begin(pod);
        continue;
      }
      const slot = slots.get(uid);
      const gone = slot === undefined ? Promise.resolve() : end(uid, slot);
      gone.then(() => confirmDeletion(api, pod)).catch(note);
    }
    await services.sync(live());
    for (const result of await Promise.allSettled(live().map((pod) => pod.tick()))) if (result.status === 'rejected') note(result.reason);
  };

  let stopped = false;
  const loop = (async () => {
    let leaseAt = 0;
    while (!stopped) {
      try {
        if (Date.now() >= leaseAt) {
          for (const name of nodeNames) await renewLease(api, name);
          leaseAt = Date.now() + LEASE_EVERY_MS;
        }
        await reconcile();
      } catch (problem) {
        note(problem);
      }
      if (!stopped) await sleep(TICK_MS);
    }
  })();
  return {
    pods: (namespace, labels = {}) =>
      live().filter((pod) => pod.namespace === namespace && Object.entries(labels).every(([key, value]) => pod.labels[key] === value)),
    problems: () => problems,
    stop: async () => {
      stopped = true;
      await loop;
      await Promise.all([...slots].map(([uid, slot]) => end(uid, slot, true)));
    },
  };
}

/** A pod is gone only when its node says so. */
async function confirmDeletion(api: ApiClient, { metadata: { namespace, name, uid } }: Pod): Promise<void> {
  await api.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } });
}

async function createNode(api: ApiClient, { name, region, zone }: RealNode, address: string): Promise<void> {
  const now = new Date().toISOString();
  const room = { cpu: '32', memory: '256Gi', pods: '250' };
  const path = `/api/v1/nodes/${name}`;
  if ((await api.find(path)) === undefined) {
    await api.create('/api/v1/nodes', {
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
          'topology.kubernetes.io/region': region,
          'topology.kubernetes.io/zone': zone,
          [REAL_NODE]: 'true',
        },
      },
      spec: { taints: [{ key: REAL_NODE, value: 'true', effect: 'NoSchedule' }] },
    });
  }
  const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'pods run as processes', lastHeartbeatTime: now, lastTransitionTime: now };
  await api.patch(`${path}/status`, { status: { capacity: room, allocatable: room, conditions: [ready], addresses: [{ type: 'InternalIP', address }] } });
}

async function renewLease(api: ApiClient, name: string): Promise<void> {
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace('Z', '000Z') };
  if ((await api.find(`${path}/${name}`)) === undefined) await api.create(path, { metadata: { name, namespace: 'kube-node-lease' }, spec });
  else await api.patch(`${path}/${name}`, { spec });
}
