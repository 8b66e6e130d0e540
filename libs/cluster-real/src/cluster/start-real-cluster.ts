import { CoordinationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { Cluster } from '@meshfleet/cluster-sim';
import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { openBed, type Bed } from '../bed/bed.ts';
import { freePorts } from '../bed/free-ports.ts';
import { startProcess, waitForProcess, type ManagedProcess, type ProcessSpec } from '../bed/managed-process.ts';
import { clusterLimit, refuseBeyondLimit } from '../parts/mesh-limit.ts';
import { AUDIT_POLICY } from './audit-policy.ts';
import { createServiceAccountKey, createServingCertificate } from './certificates.ts';
import { apiServerSpec, controllerManagerSpec, etcdSpec, kwokSpec, schedulerSpec, type ControlPlanePlan } from './control-plane.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { kubectl } from './kubectl.ts';
import { waitForDefinitions } from './wait-for-definitions.ts';

export interface RealNode {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
}

export interface RealClusterOptions {
  readonly name?: string;
  /** Tells clusters of one bed apart: each has address ranges of its own. */
  readonly index?: number;
  readonly nodes?: readonly RealNode[];
  readonly crds?: readonly KubeObject[];
  readonly objects?: readonly KubeObject[];
  /** Keep an audit log; see {@link RealCluster.auditLog}. */
  readonly audit?: boolean;
  /** A bed that outlives the cluster; by default the cluster has one of its own. */
  readonly bed?: Bed;
  /** Keeps etcd and the keys of service accounts there: the next start goes on with the same objects, and creates none anew. */
  readonly dataDir?: string;
}

export type ControlPlanePart = 'etcd' | 'apiServer' | 'controllerManager' | 'scheduler' | 'kwok';

/** A real control plane: etcd, kube-apiserver, controller manager, scheduler, and KWOK for nodes and pods. */
export interface RealCluster extends Cluster {
  readonly kubeconfigFile: string;
  readonly folder: string;
  /** The process of now; another one after a restart. What is paused or killed stays so until somebody resumes or restarts it. */
  process(part: ControlPlanePart): ManagedProcess;
  /** kill -9 of a part, the API server by default, and a new one on the same port. */
  restart(part?: ControlPlanePart): Promise<void>;
  /** Throws etcd's history away: older resource versions answer 410 from now on. */
  compact(): Promise<void>;
  /** Lines of the audit log so far, parsed. */
  auditLog(): readonly AuditLine[];
}

export interface AuditLine {
  readonly verb: string;
  readonly user: { readonly username?: string };
  readonly objectRef?: { readonly resource?: string; readonly apiGroup?: string; readonly namespace?: string; readonly name?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

const DEFAULT_NODES: readonly RealNode[] = [
  { name: 'node-a', region: 'region-1', zone: 'region-1-a' },
  { name: 'node-b', region: 'region-1', zone: 'region-1-b' },
];

/** Written when everything that a new cluster gets is in it. */
const COMPLETE = 'complete';

/**
 * Starts a control plane, which serves within seconds.
 * @throws PRECONDITION_FAILED where the machine cannot run one, KUBERNETES_UNREACHABLE with the end of a log when a part does not come up.
 */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  refuseBeyondLimit('Real clusters', clusterLimit());
  const bed = options.bed ?? openBed();
  const name = options.name ?? 'real';
  const index = options.index ?? 0;
  const folder = options.dataDir ?? join(bed.folder, name);
  const isNew = !existsSync(join(folder, COMPLETE));
  // What a start that was cut off left half-made is no ground to go on.
  if (isNew) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const claim = await freePorts(6);
  const [etcdPort = 0, etcdPeer = 0, api = 0, controllerPort = 0, schedulerPort = 0, kwokPort = 0] = claim.ports;
  const plan: ControlPlanePlan = {
    folder,
    ports: { etcd: etcdPort, etcdPeer, api },
    serviceCidr: `10.${96 + index}.0.0/16`,
    podCidr: `10.${160 + index}.0.1/16`,
    kubeconfigFile: join(folder, 'admin.kubeconfig'),
    audit: options.audit === true,
  };
  const url = `https://127.0.0.1:${api}`;
  const adminToken = randomBytes(24).toString('base64url');
  const caPem = await writeFiles(plan, name, adminToken);
  const kubeconfig: Cluster['kubeconfig'] = (user) =>
    kubeconfigFor({ name, url, caPem }, { name: user?.name ?? 'admin', token: user?.token ?? adminToken });
  writeFileSync(plan.kubeconfigFile, kubeconfig(), { mode: 0o600 });

  const specs: Record<ControlPlanePart, ProcessSpec> = {
    etcd: etcdSpec(plan),
    apiServer: apiServerSpec(plan),
    controllerManager: controllerManagerSpec(plan, controllerPort),
    scheduler: schedulerSpec(plan, schedulerPort),
    kwok: kwokSpec(plan, kwokPort),
  };
  const running = new Map<ControlPlanePart, ManagedProcess>();
  const start = (part: ControlPlanePart): void => void running.set(part, startProcess(specs[part]));
  const processOf = (part: ControlPlanePart): ManagedProcess => {
    const found = running.get(part);
    if (found === undefined) throw new MeshfleetError({ code: 'NOT_FOUND', summary: `The ${part} of ${name} does not run yet` });
    return found;
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((child) => child.kill()));
    claim.release();
    if (options.bed === undefined) bed.close();
  };
  const serving = (path = '/readyz'): Promise<void> => waitForProcess(processOf('apiServer'), specs.apiServer.logFile, () => answers(`${url}${path}`, caPem, adminToken));
  try {
    start('etcd');
    start('apiServer');
    await serving();
    start('controllerManager');
    start('scheduler');
    const config = new KubeConfig();
    config.loadFromString(kubeconfig());
    await freeNodes(config);
    start('kwok');
    if (isNew) {
      await createNodes(config, options.nodes ?? DEFAULT_NODES);
      await applyAll(plan.kubeconfigFile, options.crds ?? [], options.objects ?? []);
      writeFileSync(join(folder, COMPLETE), '');
    }
    // The first request for a custom kind is what makes its storage, and until that is filled others are told 429.
    for (const path of pathsOf(options.crds ?? [])) await serving(path);
    return {
      name,
      url,
      caPem,
      adminToken,
      kubeconfig,
      kubeconfigFile: plan.kubeconfigFile,
      folder,
      process: processOf,
      createToken: async (account, { audiences, expirationSeconds = 3600 } = {}) => {
        const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
          name: account.name,
          namespace: account.namespace,
          body: { spec: { audiences: audiences ?? [], expirationSeconds } },
        });
        return status?.token ?? '';
      },
      restart: async (part = 'apiServer') => {
        await processOf(part).kill();
        if (part === 'kwok') await freeNodes(config);
        start(part);
        await serving();
      },
      compact: () => compactEtcd(plan.ports.etcd),
      auditLog: () => readAuditLog(join(folder, 'audit.log')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeFiles(plan: ControlPlanePlan, name: string, adminToken: string): Promise<string> {
  const certificate = await createServingCertificate(name, new Date());
  // Kept over restarts, or tokens that were handed out would no longer be good.
  const kept = existsSync(join(plan.folder, 'service-account.key'));
  const serviceAccount = kept ? undefined : createServiceAccountKey();
  const files: Record<string, string> = {
    'ca.crt': certificate.caPem,
    'serving.crt': certificate.certPem,
    'serving.key': certificate.keyPem,
    ...(serviceAccount === undefined ? {} : { 'service-account.pub': serviceAccount.publicPem, 'service-account.key': serviceAccount.privatePem }),
    'tokens.csv': `${adminToken},admin,admin,"system:masters"\n`,
    'audit-policy.yaml': AUDIT_POLICY,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(plan.folder, file), text, { mode: 0o600 });
  return certificate.caPem;
}

function answers(url: string, ca: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request(url, { ca, agent: false, timeout: 2_000, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      resolve(false);
    });
    outgoing.end();
  });
}

/** Takes the leases away that a KWOK which is gone held: another one is somebody else to them, and would wait for their term of 40 s, and at times for longer. */
async function freeNodes(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(CoordinationV1Api);
  const namespace = 'kube-node-lease';
  const { items } = await api.listNamespacedLease({ namespace });
  for (const { metadata: { name = '' } = {}, spec } of items) {
    // A node that runs for real holds its own by its name.
    if (spec?.holderIdentity !== name) await api.deleteNamespacedLease({ namespace, name });
  }
}

async function createNodes(config: KubeConfig, nodes: readonly RealNode[]): Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  for (const { name, region, zone } of nodes) {
    await api.createNode({
      body: {
        metadata: {
          name,
          annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
          labels: {
            'kubernetes.io/hostname': name,
            'kubernetes.io/os': 'linux',
            'kubernetes.io/arch': 'amd64',
            'topology.kubernetes.io/region': region,
            'topology.kubernetes.io/zone': zone,
          },
        },
        status: { allocatable: { cpu: '32', memory: '256Gi', pods: '1000' }, capacity: { cpu: '32', memory: '256Gi', pods: '1000' } },
      },
    });
  }
}

/** Definitions first, and what they define once it is served. */
async function applyAll(kubeconfigFile: string, crds: readonly KubeObject[], objects: readonly KubeObject[]): Promise<void> {
  const apply = async (items: readonly KubeObject[]): Promise<void> => {
    if (items.length === 0) return;
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await kubectl(kubeconfigFile, ['apply', '--server-side', '--force-conflicts', '--field-manager=meshfleet-bed', '-f', '-'], list);
  };
  await apply(crds);
  if (crds.length > 0) await waitForDefinitions(kubeconfigFile);
  await apply(objects);
}

/** Where each served version of custom kinds is listed. */
function pathsOf(crds: readonly KubeObject[]): string[] {
  return crds.flatMap((crd) => {
    // What the API server has taken as a CustomResourceDefinition has these.
    const spec = crd['spec'] as { group: string; names: { plural: string }; versions: readonly { name: string; served: boolean }[] };
    return spec.versions.filter(({ served }) => served).map(({ name }) => `/apis/${spec.group}/${name}/${spec.names.plural}?limit=1`);
  });
}

async function compactEtcd(port: number): Promise<void> {
  // etcd's own gateway from JSON to gRPC; "Zm9v" is an arbitrary key, the header of the answer is what counts.
  const call = async (path: string, body: unknown): Promise<{ header?: { revision?: string } }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as { header?: { revision?: string } };
  };
  const { header } = await call('/v3/kv/range', { key: 'Zm9v' });
  await call('/v3/kv/compaction', { revision: header?.revision, physical: true });
}

function readAuditLog(file: string): AuditLine[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  // The API server writes one Event of audit.k8s.io/v1 a line.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditLine);
}
