import type { KubeObject } from '@meshfleet/model';
import type { PrinterColumn } from '../seam.ts';
import { at, listAt, mapAt, numberAt, textAt, textsAt } from './field.ts';
import { humanAge, humanDuration } from './human-duration.ts';
import { podReady, podRestarts, podStatus } from './pod-status.ts';

/**
 * The columns that a kube-apiserver prints for the built-in kinds (pkg/printers/internalversion/printers.go), cell by cell.
 * Kinds that are not in the table get Name and Created At, as there.
 */
export function builtinColumns(group: string, kind: string): readonly PrinterColumn[] {
  return TABLE[group === '' ? kind : `${kind}.${group}`] ?? UNKNOWN_KIND;
}

type Cell = string | number | boolean | null;
type Render = (object: KubeObject, now: Date) => Cell;

const column = (name: string, render: Render, options: { type?: string; wide?: boolean; format?: string } = {}): PrinterColumn => ({
  name,
  type: options.type ?? 'string',
  format: options.format ?? '',
  priority: options.wide ? 1 : 0,
  render,
});
const wide = (name: string, render: Render): PrinterColumn => column(name, render, { wide: true });
const integer = (name: string, ...path: string[]): PrinterColumn => column(name, (object) => numberAt(object, ...path) ?? 0, { type: 'integer' });
const text = (name: string, ...path: string[]): PrinterColumn => column(name, (object) => textAt(object, ...path) ?? '');
const boolean = (name: string, ...path: string[]): PrinterColumn => column(name, (object) => at(object, ...path) === true, { type: 'boolean' });
const NAME = column('Name', (object) => object.metadata.name ?? '', { format: 'name' });
const AGE = column('Age', (object, now) => humanAge(object.metadata.creationTimestamp, now));

const UNKNOWN_KIND: readonly PrinterColumn[] = [
  NAME,
  column('Created At', (object) => object.metadata.creationTimestamp ?? '', { type: 'date' }),
];

const containersOf = (object: KubeObject): readonly unknown[] => listAt(object, 'spec', 'template', 'spec', 'containers');
const names = (containers: readonly unknown[]): string => containers.map((container) => textAt(container, 'name') ?? '').join(',');
const images = (containers: readonly unknown[]): string => containers.map((container) => textAt(container, 'image') ?? '').join(',');
const CONTAINERS = wide('Containers', (object) => names(containersOf(object)));
const IMAGES = wide('Images', (object) => images(containersOf(object)));
const SELECTOR = wide('Selector', (object) => formatSelector(at(object, 'spec', 'selector')));

function formatMap(map: Record<string, unknown>): string {
  const pairs = Object.entries(map).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.length === 0 ? '<none>' : pairs.toSorted().join(',');
}

function formatSelector(selector: unknown): string {
  const expressions = listAt(selector, 'matchExpressions').map((expression) => {
    const key = textAt(expression, 'key') ?? '';
    switch (textAt(expression, 'operator')) {
      case 'In': return `${key} in (${textsAt(expression, 'values').toSorted().join(',')})`;
      case 'NotIn': return `${key} notin (${textsAt(expression, 'values').toSorted().join(',')})`;
      case 'DoesNotExist': return `!${key}`;
      default: return key;
    }
  });
  const labels = Object.entries(mapAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${String(value)}`);
  const all = [...labels, ...expressions].toSorted();
  return all.length === 0 ? '<none>' : all.join(',');
}

function loadBalancerAddresses(object: KubeObject): string[] {
  return listAt(object, 'status', 'loadBalancer', 'ingress').map((ingress) => textAt(ingress, 'ip') || textAt(ingress, 'hostname') || '').filter((address) => address !== '');
}

function externalIp(object: KubeObject): string {
  const external = textsAt(object, 'spec', 'externalIPs');
  switch (textAt(object, 'spec', 'type')) {
    case 'ExternalName': return textAt(object, 'spec', 'externalName') ?? '';
    case 'LoadBalancer': {
      const all = [...loadBalancerAddresses(object), ...external];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    default: return external.length === 0 ? '<none>' : external.join(',');
  }
}

function servicePorts(object: KubeObject): string {
  const ports = listAt(object, 'spec', 'ports').map((port) => {
    const node = numberAt(port, 'nodePort') ?? 0;
    return `${numberAt(port, 'port') ?? 0}${node > 0 ? `:${node}` : ''}/${textAt(port, 'protocol') ?? 'TCP'}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

const firstThree = (items: readonly string[]): string =>
  items.length === 0 ? '<none>' : items.length <= 3 ? items.join(',') : `${items.slice(0, 3).join(',')} + ${items.length - 3} more...`;

function endpointsCell(object: KubeObject): string {
  const all = listAt(object, 'subsets').flatMap((subset) => {
    const ports = listAt(subset, 'ports');
    return listAt(subset, 'addresses').flatMap((address) => {
      const ip = textAt(address, 'ip') ?? '';
      return ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${numberAt(port, 'port') ?? 0}`);
    });
  });
  return firstThree(all);
}

function nodeStatus(object: KubeObject): string {
  const ready = listAt(object, 'status', 'conditions').find((condition) => condition['type'] === 'Ready');
  const status = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return at(object, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(object: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(object.metadata.labels ?? {}).filter((label) => label.startsWith(prefix)).map((label) => label.slice(prefix.length));
  return roles.length === 0 ? '<none>' : roles.toSorted().join(',');
}

const nodeAddress = (object: KubeObject, type: string): string =>
  textAt(listAt(object, 'status', 'addresses').find((address) => address['type'] === type), 'address') ?? '<none>';

const subjects = (kind: string): Render => (object) =>
  listAt(object, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${textAt(subject, 'namespace') ?? ''}/${textAt(subject, 'name') ?? ''}` : (textAt(subject, 'name') ?? '')))
    .join(', ');
const ROLE_BINDING = [
  NAME,
  column('Role', (object) => `${textAt(object, 'roleRef', 'kind') ?? ''}/${textAt(object, 'roleRef', 'name') ?? ''}`),
  AGE,
  wide('Users', subjects('User')),
  wide('Groups', subjects('Group')),
  wide('ServiceAccounts', subjects('ServiceAccount')),
];

function jobStatus(object: KubeObject): string {
  const conditions = listAt(object, 'status', 'conditions').filter((condition) => condition['status'] === 'True').map((condition) => condition['type']);
  for (const state of ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'])
    if (conditions.includes(state)) return state;
  return object.metadata.deletionTimestamp === undefined ? 'Running' : 'Terminating';
}

function jobDuration(object: KubeObject, now: Date): string {
  const start = textAt(object, 'status', 'startTime');
  if (start === undefined) return '';
  const end = textAt(object, 'status', 'completionTime');
  return humanDuration((end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(start));
}

const WORKLOAD_REPLICAS = [integer('Desired', 'spec', 'replicas'), integer('Current', 'status', 'replicas'), integer('Ready', 'status', 'readyReplicas')];
const WEBHOOKS = [NAME, column('Webhooks', (object) => listAt(object, 'webhooks').length, { type: 'integer' }), AGE];
const dataCount = (object: KubeObject): number => Object.keys(mapAt(object, 'data')).length + Object.keys(mapAt(object, 'binaryData')).length;
const intOrText = (value: unknown, missing: string): string => (value === undefined || value === null ? missing : String(value));

function hpaTargets(object: KubeObject): string {
  const current = listAt(object, 'status', 'currentMetrics');
  const cells = listAt(object, 'spec', 'metrics').map((metric, index) => {
    const wanted = numberAt(metric, 'resource', 'target', 'averageUtilization');
    const seen = numberAt(current[index], 'resource', 'current', 'averageUtilization');
    const name = textAt(metric, 'resource', 'name') ?? '';
    return `${name}: ${seen === undefined ? '<unknown>' : `${seen}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`;
  });
  return cells.length === 0 ? '<none>' : cells.join(', ');
}

function endpointSlicePorts(object: KubeObject): string {
  const ports = listAt(object, 'ports');
  if (ports.length === 0) return '<unset>';
  return firstThree(ports.map((port) => intOrText(port['port'], '*')));
}

const TABLE: Readonly<Record<string, readonly PrinterColumn[]>> = {
  Pod: [
    NAME,
    column('Ready', (object) => podReady(object)),
    column('Status', (object) => podStatus(object)),
    column('Restarts', (object) => podRestarts(object)),
    AGE,
    wide('IP', (object) => textAt(object, 'status', 'podIP') || '<none>'),
    wide('Node', (object) => textAt(object, 'spec', 'nodeName') || '<none>'),
    wide('Nominated Node', (object) => textAt(object, 'status', 'nominatedNodeName') || '<none>'),
    wide('Readiness Gates', () => '<none>'),
  ],
  PodTemplate: [
    NAME,
    column('Containers', (object) => names(listAt(object, 'template', 'spec', 'containers'))),
    column('Images', (object) => images(listAt(object, 'template', 'spec', 'containers'))),
    column('Pod Labels', (object) => formatMap(mapAt(object, 'template', 'metadata', 'labels'))),
  ],
  'PodDisruptionBudget.policy': [
    NAME,
    column('Min Available', (object) => intOrText(at(object, 'spec', 'minAvailable'), 'N/A')),
    column('Max Unavailable', (object) => intOrText(at(object, 'spec', 'maxUnavailable'), 'N/A')),
    integer('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    AGE,
  ],
  ReplicationController: [NAME, ...WORKLOAD_REPLICAS, AGE, CONTAINERS, IMAGES, wide('Selector', (object) => formatMap(mapAt(object, 'spec', 'selector')))],
  'ReplicaSet.apps': [NAME, ...WORKLOAD_REPLICAS, AGE, CONTAINERS, IMAGES, SELECTOR],
  'DaemonSet.apps': [
    NAME,
    integer('Desired', 'status', 'desiredNumberScheduled'),
    integer('Current', 'status', 'currentNumberScheduled'),
    integer('Ready', 'status', 'numberReady'),
    integer('Up-to-date', 'status', 'updatedNumberScheduled'),
    integer('Available', 'status', 'numberAvailable'),
    column('Node Selector', (object) => formatMap(mapAt(object, 'spec', 'template', 'spec', 'nodeSelector'))),
    AGE, CONTAINERS, IMAGES, SELECTOR,
  ],
  'Job.batch': [
    NAME,
    column('Status', jobStatus),
    column('Completions', (object) => `${numberAt(object, 'status', 'succeeded') ?? 0}/${numberAt(object, 'spec', 'completions') ?? 1}`),
    column('Duration', jobDuration),
    AGE, CONTAINERS, IMAGES, SELECTOR,
  ],
  'CronJob.batch': [
    NAME,
    text('Schedule', 'spec', 'schedule'),
    column('Timezone', (object) => textAt(object, 'spec', 'timeZone') ?? '<none>'),
    column('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False'), { type: 'boolean' }),
    column('Active', (object) => listAt(object, 'status', 'active').length, { type: 'integer' }),
    column('Last Schedule', (object, now) => {
      const last = textAt(object, 'status', 'lastScheduleTime');
      return last === undefined ? '<none>' : humanAge(last, now);
    }),
    AGE,
    wide('Containers', (object) => names(listAt(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers'))),
    wide('Images', (object) => images(listAt(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers'))),
    wide('Selector', (object) => formatSelector(at(object, 'spec', 'jobTemplate', 'spec', 'selector'))),
  ],
  Service: [
    NAME,
    text('Type', 'spec', 'type'),
    column('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') || '<none>'),
    column('External-IP', externalIp),
    column('Port(s)', servicePorts),
    AGE,
    wide('Selector', (object) => formatMap(mapAt(object, 'spec', 'selector'))),
  ],
  'Ingress.networking.k8s.io': [
    NAME,
    column('Class', (object) => textAt(object, 'spec', 'ingressClassName') ?? '<none>'),
    column('Hosts', (object) => firstThree(listAt(object, 'spec', 'rules').map((rule) => textAt(rule, 'host') || '*')).replace('<none>', '*')),
    column('Address', (object) => loadBalancerAddresses(object).join(',')),
    column('Ports', (object) => (listAt(object, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  'IngressClass.networking.k8s.io': [
    NAME,
    text('Controller', 'spec', 'controller'),
    column('Parameters', (object) => {
      const parameters = mapAt(object, 'spec', 'parameters');
      if (parameters['kind'] === undefined) return '<none>';
      return `${String(parameters['kind'])}${parameters['apiGroup'] === undefined ? '' : `.${String(parameters['apiGroup'])}`}/${String(parameters['name'])}`;
    }),
    AGE,
  ],
  'NetworkPolicy.networking.k8s.io': [NAME, column('Pod-Selector', (object) => formatSelector(at(object, 'spec', 'podSelector'))), AGE],
  'StatefulSet.apps': [NAME, column('Ready', (object) => `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 1}`), AGE, CONTAINERS, IMAGES],
  Endpoints: [NAME, column('Endpoints', endpointsCell), AGE],
  Node: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    text('Version', 'status', 'nodeInfo', 'kubeletVersion'),
    wide('Internal-IP', (object) => nodeAddress(object, 'InternalIP')),
    wide('External-IP', (object) => nodeAddress(object, 'ExternalIP')),
    wide('OS-Image', (object) => textAt(object, 'status', 'nodeInfo', 'osImage') || '<unknown>'),
    wide('Kernel-Version', (object) => textAt(object, 'status', 'nodeInfo', 'kernelVersion') || '<unknown>'),
    wide('Container-Runtime', (object) => textAt(object, 'status', 'nodeInfo', 'containerRuntimeVersion') || '<unknown>'),
  ],
  Event: [
    column('Last Seen', (object, now) => humanAge(textAt(object, 'lastTimestamp') ?? textAt(object, 'eventTime'), now)),
    text('Type', 'type'),
    text('Reason', 'reason'),
    column('Object', (object) => `${(textAt(object, 'involvedObject', 'kind') ?? '').toLowerCase()}/${textAt(object, 'involvedObject', 'name') ?? ''}`),
    wide('Subobject', (object) => textAt(object, 'involvedObject', 'fieldPath') ?? ''),
    wide('Source', (object) => [textAt(object, 'source', 'component') || textAt(object, 'reportingComponent') || '', textAt(object, 'source', 'host') ?? ''].filter((part) => part !== '').join(', ')),
    column('Message', (object) => (textAt(object, 'message') ?? '').trim()),
    wide('First Seen', (object, now) => humanAge(textAt(object, 'firstTimestamp') ?? textAt(object, 'eventTime'), now)),
    wide('Count', (object) => String(numberAt(object, 'count') ?? 1)),
    column('Name', (object) => object.metadata.name ?? '', { wide: true, format: 'name' }),
  ],
  Namespace: [NAME, text('Status', 'status', 'phase'), AGE],
  Secret: [NAME, text('Type', 'type'), column('Data', dataCount), AGE],
  ServiceAccount: [NAME, AGE],
  ConfigMap: [NAME, column('Data', dataCount), AGE],
  PersistentVolume: [
    NAME,
    text('Capacity', 'spec', 'capacity', 'storage'),
    column('Access Modes', (object) => accessModes(textsAt(object, 'spec', 'accessModes'))),
    text('Reclaim Policy', 'spec', 'persistentVolumeReclaimPolicy'),
    text('Status', 'status', 'phase'),
    column('Claim', (object) => (at(object, 'spec', 'claimRef') === undefined ? '' : `${textAt(object, 'spec', 'claimRef', 'namespace') ?? ''}/${textAt(object, 'spec', 'claimRef', 'name') ?? ''}`)),
    text('StorageClass', 'spec', 'storageClassName'),
    column('VolumeAttributesClass', (object) => textAt(object, 'spec', 'volumeAttributesClassName') ?? '<unset>'),
    text('Reason', 'status', 'reason'),
    AGE,
    wide('VolumeMode', (object) => textAt(object, 'spec', 'volumeMode') ?? '<unset>'),
  ],
  PersistentVolumeClaim: [
    NAME,
    text('Status', 'status', 'phase'),
    text('Volume', 'spec', 'volumeName'),
    text('Capacity', 'status', 'capacity', 'storage'),
    column('Access Modes', (object) => accessModes(textsAt(object, 'status', 'accessModes'))),
    text('StorageClass', 'spec', 'storageClassName'),
    column('VolumeAttributesClass', (object) => textAt(object, 'spec', 'volumeAttributesClassName') ?? '<unset>'),
    AGE,
    wide('VolumeMode', (object) => textAt(object, 'spec', 'volumeMode') ?? '<unset>'),
  ],
  'Deployment.apps': [
    NAME,
    column('Ready', (object) => `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 1}`),
    integer('Up-to-date', 'status', 'updatedReplicas'),
    integer('Available', 'status', 'availableReplicas'),
    AGE, CONTAINERS, IMAGES, SELECTOR,
  ],
  'HorizontalPodAutoscaler.autoscaling': [
    NAME,
    column('Reference', (object) => `${textAt(object, 'spec', 'scaleTargetRef', 'kind') ?? ''}/${textAt(object, 'spec', 'scaleTargetRef', 'name') ?? ''}`),
    column('Targets', hpaTargets),
    column('MinPods', (object) => intOrText(at(object, 'spec', 'minReplicas'), '<unset>')),
    column('MaxPods', (object) => String(numberAt(object, 'spec', 'maxReplicas') ?? 0)),
    column('Replicas', (object) => String(numberAt(object, 'status', 'currentReplicas') ?? 0)),
    AGE,
  ],
  'RoleBinding.rbac.authorization.k8s.io': ROLE_BINDING,
  'ClusterRoleBinding.rbac.authorization.k8s.io': ROLE_BINDING,
  'Lease.coordination.k8s.io': [NAME, text('Holder', 'spec', 'holderIdentity'), AGE],
  'StorageClass.storage.k8s.io': [
    column('Name', (object) => `${object.metadata.name ?? ''}${object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`, { format: 'name' }),
    text('Provisioner', 'provisioner'),
    column('ReclaimPolicy', (object) => textAt(object, 'reclaimPolicy') ?? 'Delete'),
    column('VolumeBindingMode', (object) => textAt(object, 'volumeBindingMode') ?? '<unset>'),
    column('AllowVolumeExpansion', (object) => String(at(object, 'allowVolumeExpansion') === true)),
    AGE,
  ],
  'ControllerRevision.apps': [
    NAME,
    column('Controller', (object) => {
      const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
      return owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}.${owner.apiVersion.split('/')[0] ?? ''}/${owner.name}`;
    }),
    column('Revision', (object) => String(numberAt(object, 'revision') ?? 0)),
    AGE,
  ],
  ResourceQuota: [
    NAME,
    column('Request', (object) => quota(object, (key) => !key.startsWith('limits.'))),
    column('Limit', (object) => quota(object, (key) => key.startsWith('limits.'))),
    AGE,
  ],
  'PriorityClass.scheduling.k8s.io': [
    NAME,
    integer('Value', 'value'),
    boolean('Global-Default', 'globalDefault'),
    AGE,
    text('PreemptionPolicy', 'preemptionPolicy'),
  ],
  'RuntimeClass.node.k8s.io': [NAME, text('Handler', 'handler'), AGE],
  'EndpointSlice.discovery.k8s.io': [
    NAME,
    text('AddressType', 'addressType'),
    column('Ports', endpointSlicePorts),
    column('Endpoints', (object) => firstThree(listAt(object, 'endpoints').flatMap((endpoint) => textsAt(endpoint, 'addresses'))).replace('<none>', '<unset>')),
    AGE,
  ],
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': WEBHOOKS,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': WEBHOOKS,
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io': [
    NAME,
    column('Validations', (object) => listAt(object, 'spec', 'validations').length, { type: 'integer' }),
    column('ParamKind', (object) => {
      const kind = mapAt(object, 'spec', 'paramKind');
      return kind['kind'] === undefined ? '<unset>' : `${String(kind['apiVersion'])}/${String(kind['kind'])}`;
    }),
    AGE,
  ],
  'APIService.apiregistration.k8s.io': [
    NAME,
    column('Service', (object) => (at(object, 'spec', 'service') === undefined ? 'Local' : `${textAt(object, 'spec', 'service', 'namespace') ?? ''}/${textAt(object, 'spec', 'service', 'name') ?? ''}`)),
    column('Available', (object) => textAt(listAt(object, 'status', 'conditions').find((condition) => condition['type'] === 'Available'), 'status') ?? 'Unknown'),
    AGE,
  ],
};

function accessModes(modes: readonly string[]): string {
  const short: Record<string, string> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
  return modes.map((mode) => short[mode] ?? mode).join(',');
}

function quota(object: KubeObject, wanted: (key: string) => boolean): string {
  const used = mapAt(object, 'status', 'used');
  return Object.entries(mapAt(object, 'status', 'hard'))
    .filter(([key]) => wanted(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, hard]) => `${key}: ${String(used[key] ?? 0)}/${String(hard)}`)
    .join(', ');
}
