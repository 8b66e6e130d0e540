import type { KubeObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { bootstrapRbacObjects } from '../kinds/facts.ts';
import { textAt } from '../kinds/field.ts';
import type { NodeSpec } from '../seam.ts';
import type { ControllerContext } from './context.ts';
import { infoOf, nowText } from './context.ts';

const API_SERVER = { manager: 'kube-apiserver' };

/** What every cluster holds from its first moment. Existing objects are left as they are, so a restart keeps the user's edits. */
export function bootstrap(context: ControllerContext): void {
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system'])
    ensure(context, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const object of bootstrapRbacObjects()) ensure(context, withoutNulls(object));
  for (const [name, value] of [['system-cluster-critical', 2_000_000_000], ['system-node-critical', 2_000_001_000]] as const)
    ensure(context, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, preemptionPolicy: 'PreemptLowerPriority' });
  kubernetesService(context);
  context.options.nodes.forEach((node, index) => ensureNode(context, node, index));
}

function ensure(context: ControllerContext, object: KubeObject): void {
  const { group, version } = parseApiVersion(object.apiVersion);
  const info = context.options.registry.byKind(group, version, object.kind);
  if (info === undefined || context.store.get(info, object.metadata.namespace, object.metadata.name ?? '') !== undefined) return;
  context.store.write.create(info, object, API_SERVER);
}

/** The generated roles carry `rules: null` where an aggregation fills them. */
function withoutNulls(object: KubeObject): KubeObject {
  const entries = Object.entries(object).filter(([, value]) => value !== null);
  return structuredClone({ ...Object.fromEntries(entries), apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata });
}

/** `kubernetes.default`: the API server itself, as pods see it. */
function kubernetesService(context: ControllerContext): void {
  const { host, port } = context.options.address;
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const metadata = { namespace: 'default', name: 'kubernetes' };
  ensure(context, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels },
    spec: { type: 'ClusterIP', sessionAffinity: 'None', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }] },
  });
  ensure(context, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
  ensure(context, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: host }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
}

function ensureNode(context: ControllerContext, node: NodeSpec, index: number): void {
  const nodes = infoOf(context, '', 'nodes');
  if (context.store.get(nodes, undefined, node.name) === undefined) context.store.write.create(nodes, nodeObject(context, node, index), { manager: 'kubelet' });
  const created = context.store.get(nodes, undefined, node.name);
  if (created !== undefined && (textAt(created, 'status', 'nodeInfo', 'kubeletVersion') ?? '') === '') context.store.write.updateStatus(nodes, { ...structuredClone(created), status: nodeStatus(context, node, index) }, { manager: 'kubelet' });
}

function nodeObject(context: ControllerContext, node: NodeSpec, index: number): KubeObject {
  const cidr = context.addresses.podCidr(index);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: { 'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux', ...node.labels },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { podCIDR: cidr, podCIDRs: [cidr], providerID: `simulated://${context.options.clusterName}/${node.name}` },
  };
}

function nodeStatus(context: ControllerContext, node: NodeSpec, index: number): Record<string, unknown> {
  const now = nowText(context);
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({ type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
  const capacity = { cpu: '16', 'ephemeral-storage': '101430960Ki', 'hugepages-2Mi': '0', memory: '65805156Ki', pods: '1100' };
  return {
    addresses: [
      { type: 'InternalIP', address: context.addresses.nodeAddress(index) },
      { type: 'Hostname', address: node.name },
    ],
    capacity,
    allocatable: capacity,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'simulated://1.0',
      kernelVersion: 'simulated',
      kubeProxyVersion: '',
      kubeletVersion: context.options.kubernetesVersion,
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Meshfleet simulated node',
      systemUUID: '',
    },
  };
}
