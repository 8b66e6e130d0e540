import type { ResourceInfo } from '../../seam.ts';

/** What the registry strategies of Kubernetes say of a resource beyond its schema. */
export interface Strategy {
  /** metadata.generation counts changes of the specification. */
  readonly generation: boolean;
  /** A PUT without resourceVersion wins over whatever is there. */
  readonly unconditionalUpdate: boolean;
  /** A PUT on nothing creates. */
  readonly createOnUpdate: boolean;
  /** DELETE answers the object as it was, and not a Status. */
  readonly returnsDeleted: boolean;
  /** Compares with what is stored by reflect.DeepEqual, to which an empty list is not the same as none. */
  readonly tellsEmptyFromNone: boolean;
  /** Kubelets register nodes together with their status. */
  readonly statusOnCreate: boolean;
}

const GENERATION = new Set([
  'deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicationcontrollers', 'pods', 'podtemplates', 'jobs.batch', 'cronjobs.batch',
  'ingresses.networking.k8s.io', 'ingressclasses.networking.k8s.io', 'networkpolicies.networking.k8s.io', 'poddisruptionbudgets.policy',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io', 'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io',
  'endpointslices.discovery.k8s.io', 'priorityclasses.scheduling.k8s.io', 'flowschemas.flowcontrol.apiserver.k8s.io',
]);
const CONDITIONAL = new Set([
  'mutatingwebhookconfigurations.admissionregistration.k8s.io', 'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io', 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io', 'apiservices.apiregistration.k8s.io', 'leases.coordination.k8s.io',
  'poddisruptionbudgets.policy', 'storageclasses.storage.k8s.io',
]);
const CREATE_ON_UPDATE = new Set([
  'services', 'endpoints', 'events', 'events.events.k8s.io', 'limitranges', 'leases.coordination.k8s.io', 'roles.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io', 'clusterrolebindings.rbac.authorization.k8s.io',
  'horizontalpodautoscalers.autoscaling',
]);

const RETURNS_DELETED = new Set([
  'pods', 'podtemplates', 'services', 'serviceaccounts', 'namespaces', 'persistentvolumes', 'persistentvolumeclaims', 'resourcequotas',
  'storageclasses.storage.k8s.io', 'csidrivers.storage.k8s.io', 'csinodes.storage.k8s.io', 'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io', 'deviceclasses.resource.k8s.io', 'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io', 'resourceslices.resource.k8s.io',
]);

const TELLS_EMPTY_FROM_NONE = new Set([
  'configmaps', 'secrets', 'networkpolicies.networking.k8s.io', 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
]);

const CUSTOM: Strategy = { generation: true, unconditionalUpdate: false, createOnUpdate: false, returnsDeleted: false, statusOnCreate: false, tellsEmptyFromNone: false };
const strategies = new Map<string, Strategy>();

export function strategyOf(info: ResourceInfo): Strategy {
  if (info.custom) return CUSTOM;
  const id = resourceId(info);
  let strategy = strategies.get(id);
  if (strategy === undefined) {
    strategy = {
      generation: GENERATION.has(id),
      unconditionalUpdate: !CONDITIONAL.has(id),
      createOnUpdate: CREATE_ON_UPDATE.has(id),
      returnsDeleted: RETURNS_DELETED.has(id),
      statusOnCreate: id === 'nodes',
      tellsEmptyFromNone: TELLS_EMPTY_FROM_NONE.has(id),
    };
    strategies.set(id, strategy);
  }
  return strategy;
}

/** `deployments.apps`: the resource whatever its version. Tables of the store go by it. */
export function resourceId(info: Pick<ResourceInfo, 'group' | 'plural'>): string {
  return info.group === '' ? info.plural : `${info.plural}.${info.group}`;
}

export function apiVersionOf(info: Pick<ResourceInfo, 'group' | 'version'>): string {
  return info.group === '' ? info.version : `${info.group}/${info.version}`;
}
