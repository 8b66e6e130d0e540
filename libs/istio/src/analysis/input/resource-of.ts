import type { JsonObject, KubeObject } from '@meshfleet/model';
import { formatObjectKey, objectKeyOf, parseObjectKey } from '@meshfleet/model';
import { at, list, number, record, stringMap, text } from '../read-value.ts';
import { KIND, WORKLOAD_KINDS } from './kinds.ts';
import type { Resource } from './resource.ts';

/** One row of a cluster's inventory: `body` as `summarize` of the agent made it. */
export interface InventoryObject {
  /** `Kind.group/namespace/name`. */
  readonly key: string;
  readonly body: JsonObject;
}

/** Undefined for a key that is none. */
export function resourceOfRow({ key: id, body }: InventoryObject): Resource | undefined {
  const key = parseObjectKey(id);
  if (key === undefined) return undefined;
  const kind = key.group === '' ? key.kind : `${key.kind}.${key.group}`;
  const policy = text(body['policyId']);
  return {
    id,
    kind,
    group: key.group,
    namespace: key.namespace,
    name: key.name,
    apiVersion: text(body['apiVersion']) ?? '',
    labels: stringMap(body['labels']),
    annotations: stringMap(body['annotations']),
    spec: kind === KIND.Service || kind === KIND.Namespace || WORKLOAD_KINDS.includes(kind) ? body : record(body['spec']),
    admitted: true,
    policies: policy === undefined ? NONE : [policy],
  };
}

/** An object that is not in the cluster yet, or in a file. */
export function resourceOfObject(object: KubeObject): Resource {
  const key = objectKeyOf(object);
  const kind = key.group === '' ? key.kind : `${key.kind}.${key.group}`;
  return {
    id: formatObjectKey(key),
    kind,
    group: key.group,
    namespace: key.namespace,
    name: key.name,
    apiVersion: object.apiVersion,
    labels: stringMap(WORKLOAD_KINDS.includes(kind) ? podOf(object, kind).labels : object.metadata.labels),
    annotations: stringMap(object.metadata.annotations),
    spec: WORKLOAD_KINDS.includes(kind) ? summaryOfWorkload(object, kind) : (record(object['spec']) ?? {}),
    admitted: false,
    policies: NONE,
  };
}

const NONE: readonly string[] = [];

function podOf(object: KubeObject, kind: string): { readonly labels: unknown; readonly annotations: unknown; readonly spec: unknown } {
  const pod: unknown = kind === KIND.Pod ? object : at(object, 'spec', 'template');
  return { labels: at(pod, 'metadata', 'labels'), annotations: at(pod, 'metadata', 'annotations'), spec: at(pod, 'spec') };
}

/** The shape that the agent's inventory has of a workload. */
function summaryOfWorkload(object: KubeObject, kind: string): JsonObject {
  const { labels: given, annotations, spec } = podOf(object, kind);
  const labels = stringMap(given);
  const marks = stringMap(annotations);
  const ambient = labels['istio.io/dataplane-mode'];
  const injected = labels['sidecar.istio.io/inject'] ?? marks['sidecar.istio.io/inject'] ?? labels['istio.io/rev'] ?? (ambient === undefined ? undefined : `dataplane:${ambient}`);
  const containers = [...list(at(spec, 'initContainers')), ...list(at(spec, 'containers'))];
  const runAsUser = [at(spec, 'securityContext', 'runAsUser'), ...list(at(spec, 'containers')).filter((one) => at(one, 'name') !== 'istio-proxy').map((one) => at(one, 'securityContext', 'runAsUser'))];
  return {
    kind: object.kind,
    replicas: number(at(object, 'spec', 'replicas')) ?? 1,
    images: list(at(spec, 'containers')).map((container) => text(at(container, 'image')) ?? ''),
    labels,
    serviceAccount: text(at(spec, 'serviceAccountName')) ?? 'default',
    ...(injected === undefined ? {} : { injected }),
    ...(containers.some((container) => at(container, 'name') === 'istio-proxy') ? { proxied: true } : {}),
    ...(runAsUser.includes(PROXY_UID) ? { runsAsProxy: true } : {}),
    ...(marks['sidecar.istio.io/rewriteAppHTTPProbers'] === 'false' && containers.some(isProbed) ? { plainProbes: true } : {}),
  };
}

/** Probes of the kubelet that a policy can refuse: a TCP probe sees no more than that the sidecar listens. */
function isProbed(container: unknown): boolean {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].some((probe) => at(container, probe, 'httpGet') !== undefined || at(container, probe, 'grpc') !== undefined);
}

/** The user that the sidecar runs as; what it sends is not redirected to itself. */
const PROXY_UID = 1337;
