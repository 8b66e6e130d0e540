import type { KubeObject } from '@meshfleet/model';
import { objectKeyOf } from '@meshfleet/model';
import { mapOfTexts } from './cluster-contents.ts';

/** Labels that a workload must have, in one namespace or (null) in all. */
export interface WorkloadReach {
  readonly namespace: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whom a mesh object concerns, as the object itself says it: before anything is looked up in a cluster. */
export interface Reach {
  readonly workloads: readonly WorkloadReach[];
  /** One workload by name: `Deployment.apps/shop/checkout`. */
  readonly workloadKeys: readonly string[];
  /** Services by host as Istio resolves it: `checkout`, `checkout.shop.svc.cluster.local`, `*.shop.svc.cluster.local`. */
  readonly hosts: readonly { readonly host: string; readonly namespace: string }[];
}

const NOBODY: Reach = { workloads: [], workloadKeys: [], hosts: [] };

/** Kinds that choose workloads by labels, with the field that holds them. In the root namespace and without labels they concern the whole mesh. */
const SELECTED_BY: Readonly<Record<string, readonly string[]>> = {
  'PeerAuthentication.security.istio.io': ['selector', 'matchLabels'],
  'AuthorizationPolicy.security.istio.io': ['selector', 'matchLabels'],
  'RequestAuthentication.security.istio.io': ['selector', 'matchLabels'],
  'Telemetry.telemetry.istio.io': ['selector', 'matchLabels'],
  'WasmPlugin.extensions.istio.io': ['selector', 'matchLabels'],
  'ProxyConfig.networking.istio.io': ['selector', 'matchLabels'],
  'EnvoyFilter.networking.istio.io': ['workloadSelector', 'labels'],
  'Sidecar.networking.istio.io': ['workloadSelector', 'labels'],
  'Server.policy.linkerd.io': ['podSelector', 'matchLabels'],
};

const WORKLOAD_KINDS = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** @param rootNamespace Istio's root namespace, where policies without a selector hold for the whole mesh */
export function reachOfObject(object: KubeObject, rootNamespace: string): Reach {
  const { group, kind, namespace, name } = objectKeyOf(object);
  const spec = object['spec'];
  const selected = SELECTED_BY[`${kind}.${group}`];
  if (selected !== undefined) {
    const targets = targetsOf(spec, namespace);
    if (targets !== undefined) return targets;
    const labels = mapOfTexts(at(spec, ...selected)) ?? {};
    return { ...NOBODY, workloads: [{ namespace: namespace === rootNamespace && group !== 'policy.linkerd.io' ? null : namespace, labels }] };
  }
  if (group === '' && kind === 'Namespace') return { ...NOBODY, workloads: [{ namespace: name, labels: {} }] };
  if (group === '' && kind === 'Service') return { ...NOBODY, hosts: [{ host: name, namespace }] };
  if (group === 'apps' && WORKLOAD_KINDS.has(kind)) return { ...NOBODY, workloadKeys: [`${kind}.apps/${namespace}/${name}`] };
  if (group === 'sailoperator.io') return { ...NOBODY, workloads: [{ namespace: null, labels: {} }] };
  if (group === 'networking.istio.io' && kind === 'Gateway') {
    const labels = mapOfTexts(at(spec, 'selector'));
    return labels === null ? NOBODY : { ...NOBODY, workloads: [{ namespace: null, labels }] };
  }
  return { ...NOBODY, hosts: hostsOf(kind, spec, namespace) };
}

function hostsOf(kind: string, spec: unknown, namespace: string): { host: string; namespace: string }[] {
  const found: { host: string; namespace: string }[] = [];
  const add = (host: unknown, within: unknown = namespace): void => {
    if (typeof host === 'string' && host !== '') found.push({ host, namespace: typeof within === 'string' ? within : namespace });
  };
  if (kind === 'DestinationRule') add(at(spec, 'host'));
  if (kind === 'VirtualService' || kind === 'ServiceEntry') for (const host of list(at(spec, 'hosts'))) add(host);
  for (const route of ['http', 'tcp', 'tls'].flatMap((protocol) => list(at(spec, protocol)))) {
    for (const to of list(at(route, 'route'))) add(at(to, 'destination', 'host'));
    add(at(route, 'mirror', 'host'));
    for (const mirror of list(at(route, 'mirrors'))) add(at(mirror, 'destination', 'host'));
  }
  for (const parent of list(at(spec, 'parentRefs'))) if (at(parent, 'kind') === 'Service') add(at(parent, 'name'), at(parent, 'namespace'));
  for (const rule of list(at(spec, 'rules'))) {
    for (const backend of list(at(rule, 'backendRefs'))) add(at(backend, 'name'), at(backend, 'namespace'));
    for (const filter of list(at(rule, 'filters'))) add(at(filter, 'requestMirror', 'backendRef', 'name'), at(filter, 'requestMirror', 'backendRef', 'namespace'));
  }
  return found;
}

/** `targetRefs` take the place of a selector; Services are the ones that stand for workloads. */
function targetsOf(spec: unknown, namespace: string): Reach | undefined {
  const refs = [at(spec, 'targetRef'), ...list(at(spec, 'targetRefs'))].filter((ref) => typeof ref === 'object' && ref !== null);
  if (refs.length === 0) return undefined;
  const services = refs.filter((ref) => at(ref, 'kind') === 'Service');
  // A waypoint or gateway is a workload that carries the name of its Gateway as a label.
  const gateways = refs.filter((ref) => at(ref, 'kind') === 'Gateway');
  return {
    ...NOBODY,
    workloads: gateways.map((ref) => ({ namespace, labels: { 'gateway.networking.k8s.io/gateway-name': String(at(ref, 'name')) } })),
    hosts: services.map((ref) => ({ host: String(at(ref, 'name')), namespace })),
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as { readonly [field: string]: unknown })[field]; // an object, as just checked
  }
  return current;
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
