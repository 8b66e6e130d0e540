import { defineIndex } from '../engine/index-of.ts';
import { isVisibleIn, serviceHost } from '../hosts.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { texts } from '../read-value.ts';
import { serviceEntryOf } from '../views/service-entry.ts';
import { serviceOf } from '../views/service.ts';

/** Something that answers to a host: a Service or a ServiceEntry. */
export interface HostEntry {
  readonly resource: Resource;
  readonly ports: readonly number[];
  readonly exportTo: readonly string[];
}

/** Key: a full host, or a wildcard as a ServiceEntry writes it. */
export const hosts = defineIndex<HostEntry>({
  name: 'services by host',
  of: [KIND.Service, KIND.ServiceEntry],
  *entries(resource, { clusterDomain }) {
    if (resource.kind === KIND.Service) {
      const exportTo = resource.annotations['networking.istio.io/exportTo'];
      yield [serviceHost(resource.name, resource.namespace, clusterDomain), { resource, ports: numbers(serviceOf(resource).ports.map(({ port }) => port)), exportTo: exportTo === undefined ? [] : texts(exportTo.split(',').map((scope) => scope.trim())) }];
      return;
    }
    const entry = serviceEntryOf(resource);
    const value = { resource, ports: numbers(entry.ports.map((port) => port.number)), exportTo: entry.exportTo };
    for (const host of new Set(entry.hosts)) yield [host.toLowerCase(), value];
  },
});

/** Key: a kind, for objects whose spec the inventory does not hold: what they bring cannot be known. */
export const unreadable = defineIndex<Resource>({
  name: 'objects too large for the inventory',
  of: [KIND.ServiceEntry, KIND.DestinationRule, KIND.Gateway],
  entries: (resource) => (resource.spec === undefined ? [[resource.kind, resource]] : []),
});

const numbers = (ports: readonly (number | undefined)[]): readonly number[] => ports.filter((port) => port !== undefined);

/** Those that one of the viewers can see: namespaces, or `*` for all of them at once. */
export function visibleHosts(entries: readonly HostEntry[], viewers: readonly string[]): readonly HostEntry[] {
  if (entries.every(({ exportTo }) => exportTo.length === 0)) return entries;
  return entries.filter(({ exportTo, resource }) => viewers.some((viewer) => isVisibleIn(exportTo, resource.namespace, viewer)));
}
