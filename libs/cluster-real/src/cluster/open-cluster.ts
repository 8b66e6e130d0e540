import { startSimulatedCluster, type Cluster, type FaultControl } from '@meshfleet/cluster-sim';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { join } from 'node:path';
import { startRealCluster, type AuditLine, type RealCluster, type RealNode } from './start-real-cluster.ts';

export type ClusterKind = 'simulated' | 'real';

export interface OpenClusterOptions {
  readonly name: string;
  /** Tells real clusters that run side by side apart: each has address ranges of its own. */
  readonly index?: number;
  readonly crds?: readonly KubeObject[];
  /** Created when the cluster is new. */
  readonly objects?: readonly KubeObject[];
  readonly nodes?: number;
  /** Region of every node. */
  readonly region?: string;
  readonly audit?: boolean;
  /** Keeps the cluster's objects there, so that the next start goes on with them. */
  readonly dataDir?: string;
}

/** One answered request, as both kinds of clusters record it. */
export interface AuditedRequest {
  readonly user: string;
  /** As it was authorised; server-side apply is `patch` there. */
  readonly verb: string;
  /** Group, resource and subresource are empty for requests outside of the resources. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

/** A cluster of either kind, with what both can be made to suffer. */
export interface OpenCluster extends Cluster {
  /** The API server dies and comes back: same address, same objects, every connection cut. */
  restart(): Promise<void>;
  /** Older resource versions answer 410 from now on. */
  compact(): Promise<void>;
  /** The API server takes connections and says nothing, on old ones either, until it is resumed. */
  pause(): void;
  resume(): void;
  /** What was asked and answered, when opened with `audit: true`. */
  auditLog(): readonly AuditedRequest[];
  /** Set for a simulated one: faults that a real API server cannot be told to have. */
  readonly faults?: FaultControl;
  /** Set for a real one: its processes, its folder. */
  readonly real?: RealCluster;
}

/** The kind that MESHFLEET_TEST_CLUSTERS names, for tests; simulated by default. */
export function clusterKindOf(environment: NodeJS.ProcessEnv): ClusterKind {
  const kind = environment['MESHFLEET_TEST_CLUSTERS'] ?? 'simulated';
  if (kind === 'simulated' || kind === 'real') return kind;
  throw new MeshfleetError({ code: 'CONFIG_INVALID', summary: `MESHFLEET_TEST_CLUSTERS is ${kind}`, fix: 'Set it to simulated or to real.' });
}

/** Starts a cluster of either kind; nothing else differs for who uses it. */
export function openCluster(kind: ClusterKind, options: OpenClusterOptions): Promise<OpenCluster> {
  return kind === 'real' ? openReal(options) : openSimulated(options);
}

async function openSimulated({ name, dataDir, crds, objects, nodes, region, audit }: OpenClusterOptions): Promise<OpenCluster> {
  const cluster = await startSimulatedCluster({
    name,
    ...(dataDir === undefined ? {} : { dataFile: join(dataDir, `${name}.data`) }),
    ...(crds === undefined ? {} : { crds }),
    ...(objects === undefined ? {} : { objects }),
    ...(audit === undefined ? {} : { audit }),
    nodes: nodesOf(name, nodes, region).map(({ name: node, region: inRegion, zone }) => ({
      name: node,
      labels: { 'topology.kubernetes.io/region': inRegion, 'topology.kubernetes.io/zone': zone },
    })),
  });
  const { faults } = cluster;
  return {
    ...cluster,
    compact: () => Promise.resolve(cluster.compact()),
    pause: () => {
      faults.latency(SILENCE_MS);
      faults.stallWatches();
    },
    resume: () => faults.clear(),
    auditLog: () => cluster.auditLog(),
  };
}

async function openReal({ name, index, dataDir, crds, objects, nodes, region, audit }: OpenClusterOptions): Promise<OpenCluster> {
  const real = await startRealCluster({
    name,
    ...(index === undefined ? {} : { index }),
    ...(dataDir === undefined ? {} : { dataDir: join(dataDir, `${name}.real`) }),
    ...(crds === undefined ? {} : { crds }),
    ...(objects === undefined ? {} : { objects }),
    ...(audit === undefined ? {} : { audit }),
    nodes: nodesOf(name, nodes, region),
  });
  return {
    ...real,
    real,
    pause: () => real.process('apiServer').pause(),
    resume: () => real.process('apiServer').resume(),
    auditLog: () => real.auditLog().map(asRequest),
  };
}

/** Longer than anybody waits for an answer. */
const SILENCE_MS = 24 * 3600 * 1000;

function nodesOf(cluster: string, count = 2, region = 'region-1'): RealNode[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${cluster}-node-${index + 1}`, region, zone: `${region}-a` }));
}

function asRequest({ user, verb, objectRef, responseStatus }: AuditLine): AuditedRequest {
  return {
    // A token that proves nothing has no user.
    user: user.username ?? '',
    verb,
    group: objectRef?.apiGroup ?? '',
    resource: objectRef?.resource ?? '',
    subresource: objectRef?.subresource ?? '',
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    code: responseStatus?.code ?? 0,
  };
}
