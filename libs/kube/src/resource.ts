/** One served resource: where its objects live in the API. */
export interface Resource {
  /** The core group is the empty string. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** `/apis/networking.istio.io/v1/namespaces/shop/virtualservices/reviews`; leave out name or namespace for collections. */
export function resourcePath(resource: Resource, namespace?: string, name?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const within = resource.namespaced && namespace !== undefined && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** `networking.istio.io/v1`, as objects carry it; the core group has no group part. */
export const apiVersionOf = (resource: Resource): string => (resource.group === '' ? resource.version : `${resource.group}/${resource.version}`);

const builtin = (group: string, version: string, kind: string, plural: string, namespaced = true): Resource => ({ group, version, kind, plural, namespaced });

/** Built-in resources that are always served, so that nobody needs discovery to reach them. */
export const RESOURCES = {
  namespaces: builtin('', 'v1', 'Namespace', 'namespaces', false),
  nodes: builtin('', 'v1', 'Node', 'nodes', false),
  services: builtin('', 'v1', 'Service', 'services'),
  secrets: builtin('', 'v1', 'Secret', 'secrets'),
  deployments: builtin('apps', 'v1', 'Deployment', 'deployments'),
  statefulSets: builtin('apps', 'v1', 'StatefulSet', 'statefulsets'),
  daemonSets: builtin('apps', 'v1', 'DaemonSet', 'daemonsets'),
  events: builtin('', 'v1', 'Event', 'events'),
  leases: builtin('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  mutatingWebhooks: builtin('admissionregistration.k8s.io', 'v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false),
  customResourceDefinitions: builtin('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
} as const;
