import type { Mutable } from './mutable.ts';
import { child, childIf, items, setDefault } from './mutable.ts';

/** Octal 0644, the mode of files in volumes. */
const FILE_MODE = 420;

/** Defaults of a pod spec wherever it stands (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go). */
export function defaultPodSpec(spec: Mutable): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  // The old name of the field is kept in step with the new one, in both directions.
  if (spec['serviceAccountName'] === undefined && spec['serviceAccount'] !== undefined) spec['serviceAccountName'] = spec['serviceAccount'];
  if (spec['serviceAccountName'] !== undefined) spec['serviceAccount'] = spec['serviceAccountName'];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of items(spec, list)) defaultContainer(container, spec['hostNetwork'] === true);
  }
  for (const volume of items(spec, 'volumes')) defaultVolume(volume);
}

function defaultContainer(container: Mutable, hostNetwork: boolean): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', pullPolicy(String(container['image'] ?? '')));
  setDefault(container, 'resources', {});
  for (const port of items(container, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port['containerPort']);
  }
  for (const variable of items(container, 'env')) {
    const field = childIf(childIf(variable, 'valueFrom'), 'fieldRef');
    if (field) setDefault(field, 'apiVersion', 'v1');
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(childIf(container, probe));
  const lifecycle = childIf(container, 'lifecycle');
  for (const hook of ['postStart', 'preStop']) defaultHttpGet(childIf(childIf(lifecycle, hook), 'httpGet'));
}

function defaultProbe(probe: Mutable | undefined): void {
  if (probe === undefined) return;
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  defaultHttpGet(childIf(probe, 'httpGet'));
  const grpc = childIf(probe, 'grpc');
  if (grpc) setDefault(grpc, 'service', '');
}

function defaultHttpGet(get: Mutable | undefined): void {
  if (get === undefined) return;
  setDefault(get, 'path', '/');
  setDefault(get, 'scheme', 'HTTP');
}

function defaultVolume(volume: Mutable): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume['emptyDir'] = {};
  for (const source of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const found = childIf(volume, source);
    if (found) setDefault(found, 'defaultMode', FILE_MODE);
  }
  for (const source of items(childIf(volume, 'projected'), 'sources')) {
    const token = childIf(source, 'serviceAccountToken');
    if (token) setDefault(token, 'expirationSeconds', 3600);
    defaultDownward(childIf(source, 'downwardAPI'));
  }
  defaultDownward(childIf(volume, 'downwardAPI'));
  const hostPath = childIf(volume, 'hostPath');
  if (hostPath) setDefault(hostPath, 'type', '');
}

function defaultDownward(source: Mutable | undefined): void {
  for (const item of items(source, 'items')) {
    const field = childIf(item, 'fieldRef');
    if (field) setDefault(field, 'apiVersion', 'v1');
  }
}

/** Images without a tag, or with `latest`, are pulled every time. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const name = image.slice(image.lastIndexOf('/') + 1);
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** What a Pod gets beyond its spec's defaults: requests that follow limits, and links to services. */
export function defaultPod(pod: Mutable): void {
  const spec = child(pod, 'spec');
  defaultPodSpec(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const container of [...items(spec, 'initContainers'), ...items(spec, 'containers')]) {
    const resources = child(container, 'resources');
    const limits = childIf(resources, 'limits');
    if (limits === undefined) continue;
    const requests = child(resources, 'requests');
    for (const [resource, limit] of Object.entries(limits)) setDefault(requests, resource, limit);
  }
}
