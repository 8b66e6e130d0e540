import type { Resource } from '../input/resource.ts';
import { at, text, texts } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface WorkloadView {
  readonly resource: Resource;
  readonly namespace: string;
  /** Of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly images: readonly string[];
  /** What its own pods say of injection: `true`, `false`, a revision; undefined when they are silent. */
  readonly injection: string | undefined;
  /** Its template holds a proxy already. */
  readonly proxied: boolean;
  /** It runs as the user of the sidecar. */
  readonly runsAsProxy: boolean;
  /** The kubelet probes the application itself, past no sidecar that would answer for it. */
  readonly plainProbes: boolean;
}

export const workloadOf = viewOf((resource): WorkloadView => {
  const { labels, spec } = resource;
  return {
    resource,
    namespace: resource.namespace,
    labels,
    serviceAccount: text(at(spec, 'serviceAccount')) ?? 'default',
    images: texts(at(spec, 'images')),
    injection: labels['sidecar.istio.io/inject'] ?? labels['istio.io/rev'] ?? text(at(spec, 'injected')),
    proxied: at(spec, 'proxied') === true,
    runsAsProxy: at(spec, 'runsAsProxy') === true,
    plainProbes: at(spec, 'plainProbes') === true,
  };
});

/** Whether ztunnel serves its pods: the pod's own label beats its namespace's. */
export function isAmbient(workload: WorkloadView, namespace: Resource | undefined): boolean {
  const mode = workload.labels['istio.io/dataplane-mode'] ?? namespace?.labels['istio.io/dataplane-mode'];
  return mode === 'ambient' && !hasSidecar(workload, namespace);
}

/** Whether its pods have, or are given, a sidecar. */
export function hasSidecar({ injection, proxied }: WorkloadView, namespace: Resource | undefined): boolean {
  if (proxied) return true;
  if (injection === 'false') return false;
  if (injection !== undefined && !injection.startsWith('dataplane:') && !injection.startsWith('linkerd:')) return true;
  const label = namespace?.labels['istio-injection'];
  return label === undefined ? namespace?.labels['istio.io/rev'] !== undefined && namespace.labels['istio.io/dataplane-mode'] === undefined : label === 'enabled';
}
