import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, record, text } from '../../../read-value.ts';
import { serviceEntryOf } from '../../../views/service-entry.ts';
import { domainProblem, exportToProblems, isAddress } from './names.ts';

const PROTOCOLS = new Set(['', 'HTTP', 'HTTPS', 'HTTP2', 'GRPC', 'GRPC-WEB', 'MONGO', 'REDIS', 'MYSQL', 'TCP', 'TLS', 'UDP', 'HBONE']);

export function* serviceEntryProblems(subject: Resource): Generator<Problem> {
  const { hosts, addresses, ports, resolution } = serviceEntryOf(subject);
  const endpoints = list(at(subject.spec, 'endpoints'));
  yield* exportToProblems(subject.spec, subject.namespace);
  for (const [i, host] of hosts.entries()) {
    const wrong = domainProblem(host);
    if (wrong !== undefined) yield { path: `spec.hosts[${i}]`, message: wrong };
    else if (host.startsWith('*') && (resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN') && endpoints.length === 0) yield { path: `spec.hosts[${i}]`, message: `${host} cannot be resolved by DNS, for it is no single name`, fix: 'Name endpoints, or choose resolution: NONE or DYNAMIC_DNS.' };
  }
  for (const [i, address] of addresses.entries()) if (!isAddress(address)) yield { path: `spec.addresses[${i}]`, message: `"${address}" is no address` };
  for (const { path, name, protocol } of ports) {
    if (name === '') yield { path: `${path}.name`, message: 'A port needs a name' };
    if (!PROTOCOLS.has(protocol.toUpperCase())) yield { path: `${path}.protocol`, message: `"${protocol}" is no protocol that Istio knows` };
  }
  const names = new Set(ports.map(({ name }) => name));
  for (const [i, endpoint] of endpoints.entries()) {
    const address = text(at(endpoint, 'address')) ?? '';
    if (resolution === 'STATIC' && address !== '' && !isAddress(address) && !address.startsWith('unix://')) yield { path: `spec.endpoints[${i}].address`, message: `"${address}" is no address, and the entry is STATIC`, fix: 'Write the address, or choose resolution: DNS.' };
    for (const port of Object.keys(record(at(endpoint, 'ports')) ?? {})) if (!names.has(port)) yield { path: `spec.endpoints[${i}].ports.${port}`, message: `The entry has no port ${port}` };
  }
}
