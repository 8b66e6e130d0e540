import { CONTENT_ANNOTATION, contentHash, MANAGED_LABEL, ORIGIN_ANNOTATION, POLICY_ANNOTATION } from '@meshfleet/model';
import type { JsonObject, Json, KubeObject } from '@meshfleet/model';
import { ownershipOf } from '../apply/ownership.ts';

/** Beyond this a spec is left out, and the hub can say nothing of the object. */
const SPEC_LIMIT = 64 * 1024;
const LABEL_LIMIT = 20;
const ANNOTATION_LENGTH = 256;

/** The part of an object that the inventory carries: small, and without what changes all the time. */
export function summarize(object: KubeObject): JsonObject {
  switch (object.kind) {
    case 'Namespace':
      return { labels: labelsOf(object), phase: text(at(object, 'status', 'phase')) ?? 'Active' };
    case 'Service':
      return compact({
        labels: labelsOf(object),
        annotations: annotationsOf(object),
        type: text(at(object, 'spec', 'type')) ?? 'ClusterIP',
        ports: list(at(object, 'spec', 'ports')).map((port) => compact({ name: text(at(port, 'name')), port: json(at(port, 'port')), protocol: text(at(port, 'protocol')), appProtocol: text(at(port, 'appProtocol')), targetPort: json(at(port, 'targetPort')) })),
        selector: json(at(object, 'spec', 'selector')),
        clusterIPs: json(at(object, 'spec', 'clusterIPs')),
      });
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return workload(object);
    default:
      return meshConfiguration(object);
  }
}

function workload(object: KubeObject): JsonObject {
  const template = at(object, 'spec', 'template');
  const daemon = object.kind === 'DaemonSet';
  return compact({
    kind: object.kind,
    replicas: json(daemon ? at(object, 'status', 'desiredNumberScheduled') : at(object, 'spec', 'replicas')) ?? 1,
    ready: json(daemon ? at(object, 'status', 'numberReady') : at(object, 'status', 'readyReplicas')) ?? 0,
    images: list(at(template, 'spec', 'containers')).map((container) => text(at(container, 'image')) ?? ''),
    labels: limited(at(template, 'metadata', 'labels')),
    serviceAccount: text(at(template, 'spec', 'serviceAccountName')) ?? 'default',
    injected: injectionOf(template),
    proxied: allContainers(template).some((container) => at(container, 'name') === 'istio-proxy') ? true : undefined,
    runsAsProxy: runsAsProxy(template) ? true : undefined,
    plainProbes: hasPlainProbes(template) ? true : undefined,
  });
}

/** What the pod template itself says of injection; a namespace's label may say it for all. Undefined when the template is silent. */
function injectionOf(template: unknown): string | undefined {
  const labels = at(template, 'metadata', 'labels');
  const annotations = at(template, 'metadata', 'annotations');
  const istio = text(at(labels, 'sidecar.istio.io/inject')) ?? text(at(annotations, 'sidecar.istio.io/inject')) ?? text(at(labels, 'istio.io/rev'));
  const linkerd = text(at(annotations, 'linkerd.io/inject'));
  const ambient = text(at(labels, 'istio.io/dataplane-mode'));
  return istio ?? (linkerd === undefined ? undefined : `linkerd:${linkerd}`) ?? (ambient === undefined ? undefined : `dataplane:${ambient}`);
}

const allContainers = (template: unknown): readonly unknown[] => [...list(at(template, 'spec', 'initContainers')), ...list(at(template, 'spec', 'containers'))];

/** The user of the sidecar: what others send under its name passes the sidecar by. */
const PROXY_USER = 1337;

function runsAsProxy(template: unknown): boolean {
  const applications = list(at(template, 'spec', 'containers')).filter((container) => at(container, 'name') !== 'istio-proxy');
  return [at(template, 'spec'), ...applications].some((one) => at(one, 'securityContext', 'runAsUser') === PROXY_USER);
}

/** Whether the kubelet's probes go to the application, and a policy can refuse them: sidecars answer them otherwise. A TCP probe sees only that the sidecar listens. */
function hasPlainProbes(template: unknown): boolean {
  if (at(template, 'metadata', 'annotations', 'sidecar.istio.io/rewriteAppHTTPProbers') !== 'false') return false;
  const isProbed = (container: unknown): boolean => ['livenessProbe', 'readinessProbe', 'startupProbe'].some((probe) => at(container, probe, 'httpGet') !== undefined || at(container, probe, 'grpc') !== undefined);
  return allContainers(template).some(isProbed);
}

function meshConfiguration(object: KubeObject): JsonObject {
  const spec = json(object['spec']) ?? {};
  const size = Buffer.byteLength(JSON.stringify(spec));
  const managers = (object.metadata.managedFields ?? []).filter((entry) => (entry.subresource ?? '') === '').map((entry) => entry.manager ?? '');
  const own = ownershipOf(object);
  return compact({
    apiVersion: object.apiVersion,
    hash: contentHash(spec),
    managedBy: own.managed && object.metadata.labels?.[MANAGED_LABEL] === 'true' ? 'meshfleet' : managers[0],
    policyId: own.policyId,
    // It was there before us, and stays when its policy goes.
    adopted: own.origin === 'adopted' ? true : undefined,
    labels: object.metadata.labels === undefined ? undefined : labelsOf(object),
    annotations: annotationsOf(object),
    ...(size < SPEC_LIMIT ? { spec } : {}),
  });
}

function labelsOf(object: KubeObject): JsonObject {
  return limited(object.metadata.labels);
}

/** The annotations that meshes and we read: those of others change without end. Undefined when there are none. */
function annotationsOf(object: KubeObject): JsonObject | undefined {
  const entries = Object.entries(object.metadata.annotations ?? {}).filter(([name, value]) => MESH_ANNOTATION.test(name) && !OUR_MARKS.has(name) && value.length <= ANNOTATION_LENGTH);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.slice(0, LABEL_LIMIT));
}

const MESH_ANNOTATION = /^([a-z0-9-]+\.)*(istio\.io|linkerd\.io|meshfleet\.io|gateway\.networking\.k8s\.io)\//;
/** Written with each apply; what they say stands in fields of its own. */
const OUR_MARKS = new Set([POLICY_ANNOTATION, ORIGIN_ANNOTATION, CONTENT_ANNOTATION]);

/** Labels of meshes first: a namespace can carry hundreds. */
function limited(labels: unknown): JsonObject {
  if (typeof labels !== 'object' || labels === null) return {};
  const entries = Object.entries(labels as Record<string, string>); // labels are maps of strings
  const ours = ([name]: [string, string]): number => (/istio|linkerd|topology|app|version|kubernetes\.io\/metadata\.name/.test(name) ? 0 : 1);
  return Object.fromEntries(entries.sort((a, b) => ours(a) - ours(b)).slice(0, LABEL_LIMIT));
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as { readonly [field: string]: unknown })[field]; // an object, as just checked
  }
  return current;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
// Objects come out of JSON.parse, so whatever is in them is JSON.
const json = (value: unknown): Json | undefined => value as Json | undefined;

function compact(fields: { readonly [field: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
