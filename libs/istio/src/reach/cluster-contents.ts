import type { JsonObject, KubeObject } from '@meshfleet/model';
import { parseObjectKey } from '@meshfleet/model';
import { stringMap } from '../analysis/read-value.ts';
import { DEFAULT_ROOT_NAMESPACE, rootNamespaceOf } from '../root-namespace.ts';

export interface Workload {
  /** `Deployment.apps/shop/checkout` */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Service {
  /** `Service/shop/checkout` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Null for services without a selector. */
  readonly selector: Readonly<Record<string, string>> | null;
}

/** What of a cluster's inventory tells whom a mesh object concerns. */
export interface ClusterContents {
  readonly namespaces: readonly string[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  /** Objects that others refer to, such as gateways and servers. */
  readonly references: readonly KubeObject[];
  /** Where Istio's policies without a selector hold for the whole mesh. */
  readonly rootNamespace: string;
}

/** Kinds by whose objects other objects say whom they concern. */
const REFERENCE_KINDS: readonly string[] = [
  'Gateway.networking.istio.io',
  'Gateway.gateway.networking.k8s.io',
  'GRPCRoute.gateway.networking.k8s.io',
  'HTTPRoute.gateway.networking.k8s.io',
  'AuthorizationPolicy.policy.linkerd.io',
  'HTTPRoute.policy.linkerd.io',
  'Server.policy.linkerd.io',
];
const OPERATOR_KIND = 'Istio.sailoperator.io';

/** Kinds of inventory rows that {@link contentsOf} reads, as object keys name them. */
export const CONTENT_KINDS: readonly string[] = ['Namespace', 'Service', 'Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps', OPERATOR_KIND, ...REFERENCE_KINDS];

/**
 * Reads the rows of an inventory, as agents report them; rows of other kinds are passed over.
 *
 * @param controlPlanes namespaces in which the agent sees an istiod
 */
export function contentsOf(rows: Iterable<{ readonly key: string; readonly body: JsonObject }>, controlPlanes: readonly string[] = []): ClusterContents {
  const installations: unknown[] = [];
  const references: KubeObject[] = [];
  const namespaces: string[] = [];
  const workloads: Workload[] = [];
  const services: Service[] = [];
  for (const { key, body } of rows) {
    const parsed = parseObjectKey(key);
    if (parsed === undefined) continue;
    const { group, kind, namespace, name } = parsed;
    if (group === '' && kind === 'Namespace') namespaces.push(name);
    else if (group === '' && kind === 'Service') services.push({ key, namespace, name, selector: mapOfTexts(body['selector']) });
    else if (`${kind}.${group}` === OPERATOR_KIND) installations.push(body['spec']);
    else if (REFERENCE_KINDS.includes(`${kind}.${group}`)) references.push({ apiVersion: `${group}/v1`, kind, metadata: { namespace, name, labels: { ...stringMap(body['labels']) } }, spec: body['spec'] });
    else if (group === 'apps') workloads.push({ key, namespace, labels: mapOfTexts(body['labels']) ?? {} });
  }
  return { namespaces, workloads, services, references, rootNamespace: rootNamespaceOf(installations, controlPlanes) ?? DEFAULT_ROOT_NAMESPACE };
}

export function mapOfTexts(value: unknown): Record<string, string> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
