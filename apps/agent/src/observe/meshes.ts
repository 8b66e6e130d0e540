import type { Facts } from '@meshfleet/protocol';
import type { KubeObject } from '@meshfleet/model';

export type MeshFact = Facts['meshes'][number];

/** The Istio or Linkerd control plane that a Deployment is, if it is one. */
export function meshOfDeployment(object: KubeObject): MeshFact | undefined {
  const labels = object.metadata.labels ?? {};
  const namespace = object.metadata.namespace ?? '';
  if (labels['app'] === 'istiod' || labels['istio'] === 'pilot') {
    return { flavour: 'ISTIO', revision: labels['istio.io/rev'] ?? 'default', version: istioVersion(object) ?? 'unknown', namespace };
  }
  if (labels['linkerd.io/control-plane-component'] === 'destination') {
    return { flavour: 'LINKERD', revision: 'default', version: linkerdVersion(object) ?? 'unknown', namespace };
  }
  return undefined;
}

/** The revision that an injection webhook serves: tells a remote cluster, whose istiod is elsewhere. */
export function revisionOfWebhook(object: KubeObject): { revision: string; namespace: string } | undefined {
  const labels = object.metadata.labels ?? {};
  if (labels['app'] !== 'sidecar-injector') return undefined;
  const webhooks = object['webhooks'];
  const first: unknown = Array.isArray(webhooks) ? webhooks[0] : undefined;
  const service = (first as { clientConfig?: { service?: { namespace?: string } } } | undefined)?.clientConfig?.service; // a MutatingWebhook
  return { revision: labels['istio.io/rev'] ?? 'default', namespace: service?.namespace ?? 'istio-system' };
}

/** One mesh per flavour, revision and namespace. Webhooks add revisions that no Deployment here serves. */
export function meshFacts(deployments: Iterable<MeshFact>, webhooks: Iterable<{ revision: string; namespace: string }>): MeshFact[] {
  const found = new Map<string, MeshFact>();
  for (const mesh of deployments) found.set(`${mesh.flavour} ${mesh.revision} ${mesh.namespace}`, mesh);
  const revisions = new Set([...found.values()].filter((mesh) => mesh.flavour === 'ISTIO').map((mesh) => mesh.revision));
  for (const { revision, namespace } of webhooks) {
    if (!revisions.has(revision)) found.set(`ISTIO ${revision} ${namespace}`, { flavour: 'ISTIO', revision, version: 'unknown', namespace });
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mesh]) => mesh).slice(0, 100);
}

function istioVersion(object: KubeObject): string | undefined {
  const image = imageOf(object, 'discovery');
  // Charts since 1.24 carry app.kubernetes.io/version; the image says what really runs.
  return tagOf(image) ?? object.metadata.labels?.['app.kubernetes.io/version'];
}

function linkerdVersion(object: KubeObject): string | undefined {
  // `linkerd/cli edge-25.4.4` or `linkerd/helm stable-2.14.10`
  const createdBy = object.metadata.annotations?.['linkerd.io/created-by']?.split(' ')[1];
  return object.metadata.labels?.['app.kubernetes.io/version'] ?? createdBy ?? tagOf(imageOf(object, 'destination'));
}

function imageOf(object: KubeObject, container: string): string | undefined {
  const spec = object['spec'] as { template?: { spec?: { containers?: readonly { name?: string; image?: string }[] } } } | undefined; // a Deployment
  const containers = spec?.template?.spec?.containers ?? [];
  return (containers.find(({ name }) => name === container) ?? containers[0])?.image;
}

/** `1.28.1` of `registry/istio/pilot:1.28.1-distroless@sha256:…`; a port of the registry is no tag. */
function tagOf(image: string | undefined): string | undefined {
  const name = image?.split('@')[0];
  const tag = name === undefined ? undefined : /:([^/:]+)$/.exec(name)?.[1];
  return tag?.replace(/-(distroless|debug)$/, '');
}
