import { randomBytes } from 'node:crypto';
import type { KubeObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { createAuth } from './auth/auth.ts';
import type { Cluster } from './cluster.ts';
import { createControllers } from './controllers/controllers.ts';
import { AuditLog, type AuditEvent } from './faults/audit-log.ts';
import { Counters, type RequestCounters } from './faults/counters.ts';
import { Faults, type FaultControl } from './faults/faults.ts';
import { createRegistry } from './kinds/registry.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { createAdmission } from './schema/admission.ts';
import type { NodeSpec, Registry, StoreView, Vault } from './seam.ts';
import { sharedCertificate, type ServingCertificate } from './server/certificate.ts';
import type { ApiServer } from './server/exchange.ts';
import { handleRequest } from './server/handle-request.ts';
import { HttpsServer } from './server/https-server.ts';
import type { Engine } from './server/objects/engine.ts';
import { createStoreView } from './server/objects/store-view.ts';
import { notFoundPath } from './server/status-error.ts';
import { Journal } from './storage/journal.ts';
import { ObjectStore } from './storage/store.ts';

export interface SimulatedClusterOptions {
  readonly name?: string;
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Keeps the cluster's objects over restarts of the process. */
  readonly dataFile?: string;
  readonly kubernetesVersion?: string;
  /** How many nodes, or which. Two by default. */
  readonly nodes?: number | readonly NodeSpec[];
  readonly crds?: readonly KubeObject[];
  /** Created at start where they are not there yet. */
  readonly objects?: readonly KubeObject[];
  /** Whether Services of type LoadBalancer are given addresses, as a cloud does. True by default. */
  readonly cloud?: boolean;
  readonly certificate?: ServingCertificate;
  /** Records who asked what, for proofs of least privilege. */
  readonly audit?: boolean;
  /** Changes remembered per resource, so that watches can resume. */
  readonly historyLimit?: number;
  readonly bookmarkIntervalMs?: number;
  readonly now?: () => Date;
  /** Chance of faults that have a ratio. */
  readonly random?: () => number;
}

/** A Kubernetes API server in this process. It has no etcd, no kubelets and no containers; what it says of them is made up. */
export interface SimulatedCluster extends Cluster {
  readonly faults: FaultControl;
  counters(): RequestCounters;
  resetCounters(): void;
  /** Answered requests, when started with `audit: true`. */
  auditLog(): readonly AuditEvent[];
  /** As an API server restarts: same port, same objects, every connection cut, watch history gone. */
  restart(): Promise<void>;
  /** Forgets watch history: older resource versions answer 410 Expired. */
  compact(): void;
  /** Resolves when the controllers have nothing left to do. */
  settle(): Promise<void>;
  /** Straight to the objects, without HTTP. */
  readonly store: StoreView;
  readonly registry: Registry;
}

const DEFAULT_VERSION = 'v1.35.4';
const BOOKMARK_INTERVAL_MS = 60_000;

/** Starts a simulated cluster on loopback. Many can run in one process. */
export async function startSimulatedCluster(options: SimulatedClusterOptions = {}): Promise<SimulatedCluster> {
  const name = options.name ?? 'simulated';
  const now = options.now ?? (() => new Date());
  const kubernetesVersion = options.kubernetesVersion ?? DEFAULT_VERSION;
  const certificate = options.certificate ?? (await sharedCertificate());
  const journal = options.dataFile === undefined ? undefined : new Journal(options.dataFile);
  const store = new ObjectStore({
    ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
    ...(journal === undefined ? {} : { journal }),
  });
  const vault: Vault = journal?.vault ?? memoryVault();
  const registry = createRegistry();
  const view = createStoreView(() => engine);
  const engine: Engine = { store, registry, admission: createAdmission(registry), view, now, withEmptyMetadata: new WeakSet() };
  const adminToken = vault.get('admin-token') ?? randomBytes(24).toString('base64url');
  vault.set('admin-token', adminToken);
  const auth = createAuth({ registry, store: view, adminToken, issuer: 'https://kubernetes.default.svc.cluster.local', now, vault });
  const audit = options.audit === true ? new AuditLog() : undefined;
  const counters = new Counters();
  const faults = new Faults({ random: options.random ?? Math.random, cutAll: () => https.cutConnections() });
  const server: ApiServer = {
    engine,
    auth,
    counters,
    faults,
    audit,
    versionInfo: versionInfo(kubernetesVersion),
    address: () => `127.0.0.1:${https.port}`,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? BOOKMARK_INTERVAL_MS,
  };
  const https = new HttpsServer({
    certificate,
    port: options.port ?? 0,
    // handleRequest answers every failure itself.
    handler: (request, response) => void handleRequest(server, request, response),
    refuses: () => faults.partitioned,
  });
  await https.start();
  const controllers = createControllers({
    registry,
    clusterName: name,
    kubernetesVersion,
    caPem: certificate.caPem,
    address: { host: '127.0.0.1', port: https.port },
    nodes: nodeSpecs(name, options.nodes ?? 2),
    cloud: options.cloud ?? true,
    now,
  });
  controllers.start(view);
  for (const object of [...(options.crds ?? []), ...(options.objects ?? [])]) ensure(registry, view, object);
  await controllers.settle();

  const url = `https://127.0.0.1:${https.port}`;
  return {
    name,
    url,
    caPem: certificate.caPem,
    adminToken,
    faults,
    store: view,
    registry,
    kubeconfig: (user) => kubeconfigFor({ name, url, caPem: certificate.caPem }, { token: user?.token ?? adminToken, name: user?.name ?? `${name}-admin` }),
    createToken: (serviceAccount, tokenOptions) => auth.issueToken(serviceAccount, tokenOptions),
    counters: () => counters.read(),
    resetCounters: () => counters.reset(),
    auditLog: () => audit?.events() ?? [],
    compact: () => store.compact(),
    settle: () => controllers.settle(),
    async restart() {
      await https.stop();
      store.compact();
      await https.start();
    },
    async stop() {
      faults.clear();
      await https.stop();
      controllers.stop();
      journal?.close();
    },
  };
}

function memoryVault(): Vault {
  const values = new Map<string, string>();
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}

function nodeSpecs(cluster: string, nodes: number | readonly NodeSpec[]): readonly NodeSpec[] {
  if (typeof nodes !== 'number') return nodes;
  return Array.from({ length: nodes }, (_, index) => ({ name: `${cluster}-node-${index + 1}` }));
}

/** Seeds an object, with its namespace where that is missing. */
function ensure(registry: Registry, store: StoreView, object: KubeObject): void {
  const { group, version } = parseApiVersion(object.apiVersion);
  const info = registry.byKind(group, version, object.kind);
  if (info === undefined) throw notFoundPath();
  const namespace = info.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
  const namespaces = registry.find('', 'v1', 'namespaces');
  if (namespace !== undefined && namespaces !== undefined && store.get(namespaces, undefined, namespace) === undefined) {
    store.write.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  }
  if (store.get(info, namespace, object.metadata.name ?? '') !== undefined) return;
  const placed = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
  store.write.create(info, placed, { manager: 'meshfleet-simulation' });
}

function versionInfo(gitVersion: string): ApiServer['versionInfo'] {
  const [major = '1', minor = '35'] = gitVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    gitVersion,
    gitCommit: 'simulated',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'none',
    platform: `${process.platform}/${process.arch}`,
  };
}
