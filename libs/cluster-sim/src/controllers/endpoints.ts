import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { at, listAt, mapAt, numberAt, textAt, thaw } from '../kinds/field.ts';
import { mapMatches } from '../kinds/label-selector.ts';
import type { Controller, ControllerContext } from './context.ts';
import { controlledBy, infoOf, isKind, keyOf, splitKey } from './context.ts';
import { isReady } from './pod-template.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const PER_SLICE = 100;

/** Services and pods to EndpointSlices, and to the Endpoints that older clients read. */
export function endpointsController(context: ControllerContext): Controller {
  const services = infoOf(context, '', 'services');
  const pods = infoOf(context, '', 'pods');
  const nodes = infoOf(context, '', 'nodes');
  const slices = infoOf(context, 'discovery.k8s.io', 'endpointslices');
  const endpoints = infoOf(context, '', 'endpoints');
  return {
    name: 'endpoints',
    keysOf(event) {
      if (isKind(event, '', 'services')) return [keyOf(event.object)];
      if (isKind(event, '', 'pods')) {
        const same = event.old !== undefined && event.type === 'MODIFIED' && sameForServices(event.old, event.object);
        return same ? [] : servicesOf(event.object, event.old);
      }
      if (isKind(event, 'discovery.k8s.io', 'endpointslices') && event.type === 'DELETED') {
        const name = event.object.metadata.labels?.[SERVICE_NAME];
        return name === undefined ? [] : [`${event.object.metadata.namespace ?? ''}/${name}`];
      }
      return [];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = context.store.get(services, namespace, name);
      if (service === undefined || service.metadata.deletionTimestamp !== undefined) return removeEndpoints(namespace ?? '', name);
      const selector = mapAt(service, 'spec', 'selector');
      if (Object.keys(selector).length === 0 || textAt(service, 'spec', 'type') === 'ExternalName') return;
      const members = context.store
        .list(pods, namespace)
        .filter((pod) => mapMatches(selector, pod.metadata.labels ?? {}) && textAt(pod, 'status', 'podIP') !== undefined && !isFinished(pod))
        .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
      writeSlices(service, members);
      writeEndpoints(service, members);
    },
  };

  function servicesOf(pod: KubeObject, old: KubeObject | undefined): string[] {
    const matching = context.store.list(services, pod.metadata.namespace).filter((service) => {
      const selector = mapAt(service, 'spec', 'selector');
      return mapMatches(selector, pod.metadata.labels ?? {}) || (old !== undefined && mapMatches(selector, old.metadata.labels ?? {}));
    });
    return matching.map(keyOf);
  }

  function writeSlices(service: KubeObject, members: readonly KubeObject[]): void {
    const existing = context.owners.objectsOf(service.metadata.uid ?? '', 'endpointslices').filter((slice) => slice.metadata.labels?.[MANAGED_BY] === CONTROLLER).toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    const wanted = sliceContents(service, members);
    wanted.forEach((content, index) => {
      const slice = existing[index];
      if (slice === undefined) return void createSlice(service, content);
      const next = { ...thaw(slice), ...content };
      if (!isDeepStrictEqual(slice['endpoints'] ?? [], content['endpoints']) || !isDeepStrictEqual(slice['ports'] ?? [], content['ports'])) context.store.write.update(slices, next);
    });
    for (const surplus of existing.slice(wanted.length)) context.store.write.delete(slices, surplus.metadata.namespace, surplus.metadata.name ?? '');
  }

  /** Pods are grouped by the port numbers that they resolve named target ports to, then cut into slices. */
  function sliceContents(service: KubeObject, members: readonly KubeObject[]): Record<string, unknown>[] {
    const byPorts = new Map<string, { ports: Fields[]; pods: KubeObject[] }>();
    for (const pod of members) {
      const ports = endpointPorts(service, pod);
      const id = JSON.stringify(ports);
      const group = byPorts.get(id) ?? { ports, pods: [] };
      group.pods.push(pod);
      byPorts.set(id, group);
    }
    if (byPorts.size === 0) return [{ addressType: 'IPv4', endpoints: [], ports: [] }];
    return [...byPorts.values()].flatMap(({ ports, pods: grouped }) =>
      Array.from({ length: Math.ceil(grouped.length / PER_SLICE) }, (_, chunk) => ({
        addressType: 'IPv4',
        endpoints: grouped.slice(chunk * PER_SLICE, (chunk + 1) * PER_SLICE).map((pod) => endpointOf(service, pod)),
        ports,
      })),
    );
  }

  function createSlice(service: KubeObject, content: Record<string, unknown>): void {
    context.store.write.create(slices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace: service.metadata.namespace ?? '',
        generateName: `${service.metadata.name ?? ''}-`,
        labels: { ...service.metadata.labels, [SERVICE_NAME]: service.metadata.name ?? '', [MANAGED_BY]: CONTROLLER, ...(isHeadless(service) ? { [HEADLESS]: '' } : {}) },
        ownerReferences: [controlledBy(service)],
      },
      ...content,
    });
  }

  function endpointOf(service: KubeObject, pod: KubeObject): Record<string, unknown> {
    const nodeName = textAt(pod, 'spec', 'nodeName') ?? '';
    const zone = context.store.get(nodes, undefined, nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'];
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = isReady(pod);
    const hostname = textAt(pod, 'spec', 'hostname');
    const named = hostname !== undefined && textAt(pod, 'spec', 'subdomain') === service.metadata.name;
    return {
      addresses: [textAt(pod, 'status', 'podIP') ?? ''],
      conditions: { ready: at(service, 'spec', 'publishNotReadyAddresses') === true || (serving && !terminating), serving, terminating },
      ...(named ? { hostname } : {}),
      targetRef: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
      ...(nodeName === '' ? {} : { nodeName }),
      ...(zone === undefined ? {} : { zone }),
    };
  }

  function writeEndpoints(service: KubeObject, members: readonly KubeObject[]): void {
    const { namespace = '', name = '' } = service.metadata;
    const subsets = subsetsOf(service, members);
    const existing = context.store.get(endpoints, namespace, name);
    const labels = { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller', ...(isHeadless(service) ? { [HEADLESS]: '' } : {}) };
    const content = subsets.length === 0 ? {} : { subsets };
    if (existing === undefined) context.store.write.create(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata: { namespace, name, labels }, ...content });
    else if (!isDeepStrictEqual(existing['subsets'] ?? [], subsets)) {
      const { subsets: _old, ...rest } = thaw(existing);
      context.store.write.update(endpoints, { ...rest, metadata: { ...existing.metadata, labels }, ...content });
    }
  }

  function removeEndpoints(namespace: string, name: string): void {
    const existing = context.store.get(endpoints, namespace, name);
    if (existing?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') context.store.write.delete(endpoints, namespace, name);
  }
}

function subsetsOf(service: KubeObject, members: readonly KubeObject[]): Fields[] {
  const byPorts = new Map<string, { ports: Fields[]; ready: Fields[]; unready: Fields[] }>();
  for (const pod of members.filter((candidate) => candidate.metadata.deletionTimestamp === undefined)) {
    const ports = endpointPorts(service, pod);
    const subset = byPorts.get(JSON.stringify(ports)) ?? { ports, ready: [], unready: [] };
    const address = { ip: textAt(pod, 'status', 'podIP') ?? '', nodeName: textAt(pod, 'spec', 'nodeName') ?? '', targetRef: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' } };
    (isReady(pod) ? subset.ready : subset.unready).push(address);
    byPorts.set(JSON.stringify(ports), subset);
  }
  return [...byPorts.values()].map(({ ports, ready, unready }) => ({
    ...(ready.length === 0 ? {} : { addresses: ready }),
    ...(unready.length === 0 ? {} : { notReadyAddresses: unready }),
    ...(ports.length === 0 ? {} : { ports }),
  }));
}

/** Service ports as this pod answers them; a named target port that the pod lacks is left out. */
function endpointPorts(service: KubeObject, pod: KubeObject): Fields[] {
  return listAt(service, 'spec', 'ports').flatMap((port) => {
    const target = port['targetPort'] ?? port['port'];
    const number = typeof target === 'number' ? target : namedPort(pod, String(target), textAt(port, 'protocol') ?? 'TCP');
    if (number === undefined) return [];
    return [{ name: textAt(port, 'name') ?? '', port: number, protocol: textAt(port, 'protocol') ?? 'TCP', ...(port['appProtocol'] === undefined ? {} : { appProtocol: port['appProtocol'] }) }];
  });
}

function namedPort(pod: KubeObject, name: string, protocol: string): number | undefined {
  const ports = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')].flatMap((container) => listAt(container, 'ports'));
  const found = ports.find((port) => port['name'] === name && (textAt(port, 'protocol') ?? 'TCP') === protocol);
  return numberAt(found, 'containerPort');
}

const isHeadless = (service: KubeObject): boolean => textAt(service, 'spec', 'clusterIP') === 'None';
const isFinished = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? '');

function sameForServices(old: KubeObject, object: KubeObject): boolean {
  return (
    textAt(old, 'status', 'podIP') === textAt(object, 'status', 'podIP') &&
    textAt(old, 'status', 'phase') === textAt(object, 'status', 'phase') &&
    isReady(old) === isReady(object) &&
    old.metadata.deletionTimestamp === object.metadata.deletionTimestamp &&
    isDeepStrictEqual(old.metadata.labels, object.metadata.labels)
  );
}
