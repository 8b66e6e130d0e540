import { at, list, text } from '../analysis/read-value.ts';
import { gatewayKey } from '../analysis/gateway-key.ts';
import { NOBODY, both, everyPodIn, type HostReach, type Reach } from './reach.ts';

/** Hosts that Istio's own traffic objects speak of, and the gateways that a VirtualService is for. */
export function reachOfTraffic(kind: string, spec: unknown, namespace: string): Reach {
  const hosts: HostReach[] = [];
  const add = (host: unknown): void => {
    if (typeof host === 'string' && host !== '') hosts.push({ host, namespace });
  };
  if (kind === 'DestinationRule') add(at(spec, 'host'));
  else for (const host of list(at(spec, 'hosts'))) add(host);
  for (const route of ['http', 'tcp', 'tls'].flatMap((protocol) => list(at(spec, protocol)))) {
    for (const to of list(at(route, 'route'))) add(at(to, 'destination', 'host'));
    add(at(route, 'mirror', 'host'));
    for (const mirror of list(at(route, 'mirrors'))) add(at(mirror, 'destination', 'host'));
  }
  const gateways = list(at(spec, 'gateways')).filter((gateway): gateway is string => typeof gateway === 'string' && gateway !== 'mesh');
  return { ...NOBODY, hosts, through: gateways.map((gateway) => `Gateway.networking.istio.io/${gatewayKey(gateway.replace(/^\.\//, ''), namespace)}`) };
}

/** Parents, backends and mirrors of a route of the Gateway API, or of Linkerd's HTTPRoute, which is written alike. */
export function reachOfRoute(spec: unknown, namespace: string): Reach {
  const rules = list(at(spec, 'rules'));
  const filters = rules.flatMap((rule) => [...list(at(rule, 'filters')), ...list(at(rule, 'backendRefs')).flatMap((backend) => list(at(backend, 'filters')))]);
  const backends = [...rules.flatMap((rule) => list(at(rule, 'backendRefs'))), ...filters.map((filter) => at(filter, 'requestMirror', 'backendRef'))];
  const services = backends.filter((backend) => (text(at(backend, 'kind')) ?? 'Service') === 'Service');
  const parents = list(at(spec, 'parentRefs')).map((parent) => reachOfParent(parent, namespace));
  return [...parents, { ...NOBODY, hosts: services.flatMap((backend) => hostOf(backend, namespace)) }].reduce(both, NOBODY);
}

function reachOfParent(parent: unknown, namespace: string): Reach {
  const [name, within] = [text(at(parent, 'name')) ?? '', text(at(parent, 'namespace')) ?? namespace];
  switch (text(at(parent, 'kind')) ?? 'Gateway') {
    case 'Gateway':
      return reachOfGateway(name, within);
    case 'Service':
      return { ...NOBODY, hosts: hostOf(parent, namespace) };
    case 'Server':
      return { ...NOBODY, through: [`Server.policy.linkerd.io/${within}/${name}`] };
    case 'EgressNetwork':
      // It is for those who call out of its namespace.
      return everyPodIn(within);
    default:
      return NOBODY;
  }
}

/**
 * The pods of a Gateway of the Gateway API carry its name as a label, whoever deploys them; one that is deployed by hand
 * says in its addresses which Service leads to its pods.
 */
export function reachOfGateway(name: string, namespace: string, spec?: unknown): Reach {
  const addresses = list(at(spec, 'addresses')).filter((address) => at(address, 'type') === 'Hostname').map((address) => at(address, 'value'));
  return {
    ...NOBODY,
    workloads: [{ namespace, labels: { 'gateway.networking.k8s.io/gateway-name': name } }],
    hosts: addresses.filter((host): host is string => typeof host === 'string').map((host) => ({ host, namespace })),
    through: spec === undefined ? [`Gateway.gateway.networking.k8s.io/${namespace}/${name}`] : [],
  };
}

function hostOf(reference: unknown, namespace: string): HostReach[] {
  const name = text(at(reference, 'name'));
  return name === undefined || name === '' ? [] : [{ host: name, namespace: text(at(reference, 'namespace')) ?? namespace }];
}
