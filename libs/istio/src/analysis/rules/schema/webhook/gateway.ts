import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, text } from '../../../read-value.ts';
import { gatewayOf } from '../../../views/gateway.ts';
import type { ServerView } from '../../../views/gateway.ts';
import { domainProblem, isAddress, isLabel } from './names.ts';

const PROTOCOLS = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'MONGO', 'REDIS', 'MYSQL', 'TCP', 'HTTPS', 'TLS', 'UDP', 'HBONE']);
const ENCRYPTED = new Set(['HTTPS', 'TLS']);
const PLAIN_HTTP = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);

export function* gatewayProblems(subject: Resource): Generator<Problem> {
  const { servers } = gatewayOf(subject);
  if (servers.length === 0) yield { path: 'spec.servers', message: 'A Gateway needs a server', fix: 'Add a port with its hosts.' };
  const names = servers.map((_, i) => text(at(subject.spec, 'servers', i, 'port', 'name')) ?? '');
  for (const [i, server] of servers.entries()) {
    const name = names[i] ?? '';
    if (name !== '' && names.indexOf(name) < i) yield { path: `${server.path}.port.name`, message: `Two servers have ports called ${name}` };
    yield* serverProblems(server);
    yield* tlsProblems(server);
  }
}

function* serverProblems({ path, protocol, bind, hosts }: ServerView): Generator<Problem> {
  if (!PROTOCOLS.has(protocol.toUpperCase())) yield { path: `${path}.port.protocol`, message: `"${protocol}" is no protocol that Istio knows`, fix: `Choose one of ${[...PROTOCOLS].slice(0, 10).join(', ')}.` };
  if (bind !== '' && !isAddress(bind) && !bind.startsWith('unix://')) yield { path: `${path}.bind`, message: `"${bind}" is no address` };
  if (hosts.length === 0) yield { path: `${path}.hosts`, message: 'A server needs a host', fix: 'Name the hosts, or write "*".' };
  for (const [i, host] of hosts.entries()) {
    const where = `${path}.hosts[${i}]`;
    const slash = host.indexOf('/');
    const scope = slash === -1 ? '*' : host.slice(0, slash);
    const name = host.slice(slash + 1);
    const wrong = domainProblem(name);
    if (scope !== '*' && scope !== '.' && !isLabel(scope)) yield { path: where, message: `"${scope}" is no namespace` };
    else if (wrong !== undefined) yield { path: where, message: wrong };
    else if (name !== '*' && !name.includes('.')) yield { path: where, message: `"${name}" is a short name, and gateways serve full ones alone`, fix: 'Write the host as clients do.' };
  }
}

function* tlsProblems({ path, protocol, tls }: ServerView): Generator<Problem> {
  const name = protocol.toUpperCase();
  const where = `${path}.tls`;
  if (tls === undefined) {
    if (ENCRYPTED.has(name)) yield { path: where, message: `${name} needs TLS settings`, fix: 'Add tls with a mode and a certificate.' };
    return;
  }
  const mode = text(tls['mode']) ?? 'PASSTHROUGH';
  const isSet = (field: string): boolean => (text(tls[field]) ?? '') !== '';
  const named = isSet('credentialName') || list(tls['credentialNames']).length > 0 || list(tls['tlsCertificates']).length > 0;
  // Redirecting to HTTPS is the one thing that a plain port may say here.
  if (PLAIN_HTTP.has(name) && Object.keys(tls).some((field) => field !== 'httpsRedirect')) yield { path: where, message: `${name} is plain text and takes no certificates`, fix: 'Set the protocol to HTTPS, or keep httpsRedirect alone.' };
  if (mode === 'ISTIO_MUTUAL' && named) yield { path: where, message: 'ISTIO_MUTUAL takes Istio’s own certificates, and credentialName cannot be set', fix: 'Remove it, or choose MUTUAL.' };
  if (!['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'].includes(mode) || named) return;
  for (const field of ['serverCertificate', 'privateKey']) if (!isSet(field)) yield { path: `${where}.${field}`, message: `${mode} needs ${field}`, fix: 'Name the file, or set credentialName.' };
  if (mode !== 'SIMPLE' && !isSet('caCertificates')) yield { path: `${where}.caCertificates`, message: `${mode} needs the roots of its clients`, fix: 'Set caCertificates, or credentialName.' };
}
