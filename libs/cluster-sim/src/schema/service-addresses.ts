import type { KubeObject } from '@meshfleet/model';
import { listAt, numberAt, textsAt } from '../kinds/field.ts';
import type { Registry, StoreView } from '../seam.ts';

/** 10.96.0.0/16, the range of kubeadm; the first address is that of `kubernetes.default`. */
const FIRST = 10 * 2 ** 24 + 96 * 2 ** 16 + 1;
const SIZE = 65_000;
const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2_768;

/** Cluster IPs and node ports of one cluster: what is taken is what stored Services hold, so nothing leaks on a dry run. */
export interface ServiceAddresses {
  nextClusterIp(): string;
  clusterIpTaken(address: string, by: string): boolean;
  inRange(address: string): boolean;
  nextNodePort(alsoTaken: ReadonlySet<number>): number;
  nodePortTaken(port: number, by: string): boolean;
}

const allocators = new WeakMap<StoreView, ServiceAddresses>();

export function serviceAddresses(registry: Registry, store: StoreView): ServiceAddresses {
  const known = allocators.get(store);
  if (known) return known;
  const made = createServiceAddresses(registry, store);
  allocators.set(store, made);
  return made;
}

function createServiceAddresses(registry: Registry, store: StoreView): ServiceAddresses {
  const services = registry.find('', 'v1', 'services');
  const addresses = new Map<string, string>();
  const ports = new Map<number, string>();
  const take = (service: KubeObject): void => {
    const owner = service.metadata.uid ?? '';
    for (const address of textsAt(service, 'spec', 'clusterIPs')) if (address !== 'None') addresses.set(address, owner);
    for (const port of nodePortsOf(service)) ports.set(port, owner);
  };
  const release = (service: KubeObject): void => {
    const owner = service.metadata.uid ?? '';
    for (const address of textsAt(service, 'spec', 'clusterIPs')) if (addresses.get(address) === owner) addresses.delete(address);
    for (const port of nodePortsOf(service)) if (ports.get(port) === owner) ports.delete(port);
  };
  for (const service of services === undefined ? [] : store.list(services)) take(service);
  store.subscribe((event) => {
    if (event.info.group !== '' || event.info.plural !== 'services') return;
    if (event.old !== undefined) release(event.old);
    if (event.type === 'DELETED') release(event.object);
    else take(event.object);
  });
  let cursor = 0;
  let portCursor = 0;
  return {
    nextClusterIp() {
      for (let tries = 0; tries < SIZE; tries += 1) {
        const address = addressText(FIRST + cursor);
        cursor = (cursor + 1) % SIZE;
        if (!addresses.has(address)) return address;
      }
      return addressText(FIRST + SIZE);
    },
    clusterIpTaken: (address, by) => addresses.has(address) && addresses.get(address) !== by,
    inRange: (address) => /^10\.96\.\d{1,3}\.\d{1,3}$/.test(address),
    nextNodePort(alsoTaken) {
      for (let tries = 0; tries < NODE_PORTS; tries += 1) {
        // A step that shares no divisor with the range visits every port once, and does not hand out neighbours.
        portCursor = (portCursor + 1_117) % NODE_PORTS;
        const port = FIRST_NODE_PORT + portCursor;
        if (!ports.has(port) && !alsoTaken.has(port)) return port;
      }
      return 0;
    },
    nodePortTaken: (port, by) => ports.has(port) && ports.get(port) !== by,
  };
}

function nodePortsOf(service: KubeObject): number[] {
  const health = numberAt(service, 'spec', 'healthCheckNodePort');
  return [...listAt(service, 'spec', 'ports').flatMap((port) => numberAt(port, 'nodePort') ?? []), ...(health === undefined ? [] : [health])].filter((port) => port > 0);
}

const addressText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
