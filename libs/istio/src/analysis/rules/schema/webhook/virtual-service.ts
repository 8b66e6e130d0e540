import type { Problem } from '../../../engine/rule.ts';
import { HostSet, earlierOverlaps } from '../../../host-overlaps.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, number, texts } from '../../../read-value.ts';
import { virtualServiceOf } from '../../../views/virtual-service.ts';
import type { RouteView } from '../../../views/virtual-service.ts';
import { httpRouteProblems } from './http-route.ts';
import { domainProblem, exportToProblems, isLabel, isPort } from './names.ts';

export function* virtualServiceProblems(subject: Resource): Generator<Problem> {
  const { hosts, gateways, routes } = virtualServiceOf(subject);
  if (routes.length === 0) yield { message: 'It has no http, tls or tcp routes', fix: 'Add a route.' };
  const overlaps = earlierOverlaps(hosts);
  for (const [i, host] of hosts.entries()) {
    const path = `spec.hosts[${i}]`;
    const wrong = domainProblem(host, true);
    const other = overlaps[i];
    if (wrong !== undefined) yield { path, message: wrong };
    else if (host === '*' && gateways.includes('mesh')) yield { path, message: 'The host * is for gateways alone, and this VirtualService is for sidecars too', fix: 'Name the hosts, or bind it to a gateway alone.' };
    else if (other !== undefined) yield { path, message: `The hosts ${other} and ${host} cover each other`, fix: 'Keep the wider one.' };
  }
  for (const [i, gateway] of gateways.entries()) {
    if (gateway.split('/').length > 2) yield { path: `spec.gateways[${i}]`, message: `"${gateway}" names no gateway`, fix: 'Write namespace/name.' };
  }
  yield* exportToProblems(subject.spec, subject.namespace);
  const known = new HostSet(hosts.map((host) => host.toLowerCase()));
  for (const route of routes) {
    yield* destinationProblems(route);
    if (route.protocol === 'http') yield* httpRouteProblems(route, hosts.length === 0);
    else yield* connectionRouteProblems(route, known);
  }
}

function* destinationProblems({ path, protocol, destinations, matches }: RouteView): Generator<Problem> {
  const targets = destinations.filter(({ role }) => role === 'route');
  if (protocol === 'http' && targets.length > 1 && targets.every(({ weight }) => (weight ?? 0) === 0)) yield { path: `${path}.route`, message: 'The weights of several destinations add up to 0', fix: 'Give each destination a weight; together they should be 100.' };
  for (const { path: where, host, subset, port, weight } of destinations) {
    const wrong = domainProblem(host);
    if (wrong !== undefined) yield { path: `${where}.host`, message: wrong };
    if (subset !== undefined && subset !== '' && !isLabel(subset)) yield { path: `${where}.subset`, message: `"${subset}" cannot be the name of a subset` };
    if (port !== undefined && !isPort(port)) yield { path: `${where}.port.number`, message: `There is no port ${port}` };
    if (weight !== undefined && weight < 0) yield { path: where.replace(/\.destination$/, '.weight'), message: 'A weight cannot be negative' };
  }
  for (const match of matches) {
    const port = number(match.body['port']);
    if (port !== undefined && port !== 0 && !isPort(port)) yield { path: `${match.path}.port`, message: `There is no port ${port}` };
  }
}

function* connectionRouteProblems({ path, protocol, body, matches }: RouteView, hosts: HostSet): Generator<Problem> {
  if (list(body['route']).length === 0) yield { path, message: 'The route has no destination', fix: 'Add route: [{destination: {host: ...}}].' };
  if (protocol !== 'tls') return;
  for (const match of matches) {
    const names = texts(at(match.body, 'sniHosts'));
    if (names.length === 0) yield { path: match.path, message: 'A match of TLS needs the names that clients ask for', fix: 'Add sniHosts.' };
    for (const [i, name] of names.entries()) {
      if (!hosts.covers(name.toLowerCase())) yield { path: `${match.path}.sniHosts[${i}]`, message: `${name} is none of the hosts of the VirtualService`, fix: 'Add it to hosts, or correct it.' };
    }
  }
}
