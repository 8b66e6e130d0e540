import { dns1123Label, dns1123Subdomain } from '@meshfleet/manifest';
import type { Fields } from '../kinds/field.ts';
import { listAt, mapAt, textAt } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import { quantityValue } from './quantity.ts';

/** In the order in which kube-apiserver looks at them: the second one found is the one too many. */
const VOLUME_SOURCES: readonly string[] = [
  'emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker', 'persistentVolumeClaim', 'rbd',
  'cinder', 'cephfs', 'fc', 'downwardAPI', 'configMap', 'azureFile', 'vsphereVolume', 'quobyte', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'storageos',
  'projected', 'scaleIO', 'csi', 'ephemeral', 'image',
];
const RESTART_POLICIES: readonly string[] = ['Always', 'OnFailure', 'Never'];

/** The checks of a pod spec that manifests of real projects run into; path is that of the spec. */
export function validatePodSpec(spec: unknown, path: string, errors: FieldErrors): void {
  const volumes = validateVolumes(listAt(spec, 'volumes'), `${path}.volumes`, errors);
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) errors.required(`${path}.containers`);
  const seen = new Set<string>();
  containers.forEach((container, index) => validateContainer(container, `${path}.containers[${index}]`, { volumes, seen }, errors));
  listAt(spec, 'initContainers').forEach((container, index) => validateContainer(container, `${path}.initContainers[${index}]`, { volumes, seen }, errors));
  const restart = textAt(spec, 'restartPolicy') ?? '';
  if (!RESTART_POLICIES.includes(restart)) errors.notSupported(`${path}.restartPolicy`, restart, RESTART_POLICIES);
  errors.supported(`${path}.dnsPolicy`, textAt(spec, 'dnsPolicy'), ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']);
  errors.nonNegative(`${path}.terminationGracePeriodSeconds`, mapAt({ spec }, 'spec')['terminationGracePeriodSeconds']);
  for (const [field, rule] of [['serviceAccountName', dns1123Subdomain], ['hostname', dns1123Label], ['subdomain', dns1123Label], ['nodeName', dns1123Subdomain]] as const) {
    const value = textAt(spec, field);
    if (value !== undefined && value !== '') errors.problems(`${path}.${field}`, value, rule(value));
  }
}

interface Known {
  readonly volumes: ReadonlySet<string>;
  readonly seen: Set<string>;
}

function validateContainer(container: Fields, path: string, known: Known, errors: FieldErrors): void {
  const name = textAt(container, 'name') ?? '';
  if (name === '') errors.required(`${path}.name`);
  else errors.problems(`${path}.name`, name, dns1123Label(name));
  if (name !== '' && known.seen.has(name)) errors.duplicate(`${path}.name`, name);
  known.seen.add(name);
  const image = textAt(container, 'image') ?? '';
  if (image === '') errors.required(`${path}.image`);
  else if (image.trim() !== image) errors.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace');
  errors.supported(`${path}.imagePullPolicy`, textAt(container, 'imagePullPolicy'), ['Always', 'IfNotPresent', 'Never']);
  validatePorts(listAt(container, 'ports'), `${path}.ports`, errors);
  listAt(container, 'env').forEach((variable, index) => {
    if ((textAt(variable, 'name') ?? '') === '') errors.required(`${path}.env[${index}].name`);
    if (variable['value'] !== undefined && variable['value'] !== '' && variable['valueFrom'] !== undefined) errors.invalid(`${path}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty');
  });
  const mounts = new Set<string>();
  listAt(container, 'volumeMounts').forEach((mount, index) => {
    const volume = textAt(mount, 'name') ?? '';
    const mountPath = textAt(mount, 'mountPath') ?? '';
    if (volume === '') errors.required(`${path}.volumeMounts[${index}].name`);
    else if (!known.volumes.has(volume)) errors.notFound(`${path}.volumeMounts[${index}].name`, volume);
    if (mountPath === '') errors.required(`${path}.volumeMounts[${index}].mountPath`);
    if (mounts.has(mountPath)) errors.invalid(`${path}.volumeMounts[${index}].mountPath`, mountPath, 'must be unique');
    mounts.add(mountPath);
  });
  validateResources(mapAt(container, 'resources'), `${path}.resources`, errors);
}

function validatePorts(ports: readonly Fields[], path: string, errors: FieldErrors): void {
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const name = textAt(port, 'name');
    if (name !== undefined && name !== '') {
      if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > 15 || !/[a-z]/.test(name)) errors.invalid(`${path}[${index}].name`, name, portNameProblem(name));
      if (names.has(name)) errors.duplicate(`${path}[${index}].name`, name);
      names.add(name);
    }
    if (port['containerPort'] === undefined || port['containerPort'] === 0) errors.required(`${path}[${index}].containerPort`);
    else errors.port(`${path}[${index}].containerPort`, port['containerPort']);
    errors.supported(`${path}[${index}].protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']);
  });
}

/** What makes a text no port name (IANA service name). */
export function portNameProblem(name: string): string {
  if (name.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(name)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)';
  if (name.includes('--')) return 'must not contain consecutive hyphens';
  return 'must not begin or end with a hyphen';
}

function validateVolumes(volumes: readonly Fields[], path: string, errors: FieldErrors): Set<string> {
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const before = errors.causes.length;
    const name = textAt(volume, 'name') ?? '';
    if (name === '') errors.required(`${path}[${index}].name`);
    else errors.problems(`${path}[${index}].name`, name, dns1123Label(name));
    if (name !== '' && names.has(name)) errors.duplicate(`${path}[${index}].name`, name);
    const sources = VOLUME_SOURCES.filter((source) => volume[source] !== undefined);
    // The first source is looked into, the others are just too many.
    if (sources[0] === 'configMap' && (textAt(volume, 'configMap', 'name') ?? '') === '') errors.required(`${path}[${index}].configMap.name`);
    if (sources[0] === 'secret' && (textAt(volume, 'secret', 'secretName') ?? '') === '') errors.required(`${path}[${index}].secret.secretName`);
    for (const extra of sources.slice(1)) errors.forbidden(`${path}[${index}].${extra}`, 'may not specify more than 1 volume type');
    // Nothing can be mounted from a volume that is itself refused.
    if (errors.causes.length === before) names.add(name);
  });
  return names;
}

function validateResources(resources: Fields, path: string, errors: FieldErrors): void {
  const limits = mapAt(resources, 'limits');
  for (const [resource, request] of Object.entries(mapAt(resources, 'requests'))) {
    const limit = limits[resource];
    const wanted = quantityValue(String(request));
    const most = limit === undefined ? undefined : quantityValue(String(limit));
    if (wanted !== undefined && most !== undefined && wanted > most) errors.invalid(`${path}.requests`, request, `must be less than or equal to ${resource} limit of ${String(limit)}`);
  }
  for (const kind of ['requests', 'limits'])
    for (const [resource, value] of Object.entries(mapAt(resources, kind)))
      if ((quantityValue(String(value)) ?? 0n) < 0n) errors.invalid(`${path}.${kind}[${resource}]`, value, 'must be greater than or equal to 0');
}
