import type { KubeObject } from '@meshfleet/model';
import { objectKeyOf } from '@meshfleet/model';
import { at, list, text } from '../analysis/read-value.ts';
import { mapOfTexts } from './cluster-contents.ts';
import { NOBODY, both, everyPodIn, type Reach } from './reach.ts';
import { reachOfLinkerd } from './reach-of-linkerd.ts';
import { reachOfGateway, reachOfRoute, reachOfTraffic } from './reach-of-route.ts';

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
};

const WORKLOAD_KINDS = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** @param rootNamespace Istio's root namespace, where policies without a selector hold for the whole mesh */
export function reachOfObject(object: KubeObject, rootNamespace: string): Reach {
  const { group, kind, namespace, name } = objectKeyOf(object);
  const spec = object['spec'];
  const selected = SELECTED_BY[`${kind}.${group}`];
  if (selected !== undefined) {
    const labels = mapOfTexts(at(spec, ...selected)) ?? {};
    return reachOfTargets(spec, namespace) ?? { ...NOBODY, workloads: [{ namespace: namespace === rootNamespace ? null : namespace, labels }] };
  }
  switch (group) {
    case '':
      if (kind === 'Namespace') return everyPodIn(name);
      return kind === 'Service' ? { ...NOBODY, hosts: [{ host: name, namespace }] } : NOBODY;
    case 'apps':
      return WORKLOAD_KINDS.has(kind) ? { ...NOBODY, workloadKeys: [`${kind}.apps/${namespace}/${name}`] } : NOBODY;
    case 'sailoperator.io':
      return everyPodIn(null);
    case 'policy.linkerd.io':
      return reachOfLinkerd(object);
    case 'linkerd.io':
      // A ServiceProfile is named after its Service.
      return { ...NOBODY, hosts: [{ host: name, namespace }] };
    case 'gateway.networking.k8s.io':
      return kind === 'Gateway' ? reachOfGateway(name, namespace, spec ?? {}) : reachOfRoute(spec, namespace);
    case 'networking.istio.io': {
      const labels = kind === 'Gateway' ? mapOfTexts(at(spec, 'selector')) : null;
      return labels === null ? reachOfTraffic(kind, spec, namespace) : { ...NOBODY, workloads: [{ namespace: null, labels }] };
    }
    default:
      return NOBODY;
  }
}

/** `targetRefs` take the place of a selector: Services stand for what is behind them, a Gateway or waypoint for its pods. */
function reachOfTargets(spec: unknown, namespace: string): Reach | undefined {
  const references = [at(spec, 'targetRef'), ...list(at(spec, 'targetRefs'))].filter((reference) => typeof reference === 'object' && reference !== null);
  if (references.length === 0) return undefined;
  return references.map((reference): Reach => {
    const name = text(at(reference, 'name')) ?? '';
    if (at(reference, 'kind') === 'Service') return { ...NOBODY, hosts: [{ host: name, namespace }] };
    return at(reference, 'kind') === 'Gateway' ? reachOfGateway(name, namespace) : NOBODY;
  }).reduce(both, NOBODY);
}
