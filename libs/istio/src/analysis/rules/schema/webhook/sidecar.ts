import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, number, text, texts } from '../../../read-value.ts';
import { domainProblem, isLabel } from './names.ts';

export function* sidecarProblems({ spec }: Resource): Generator<Problem> {
  const [egress, ingress] = [list(at(spec, 'egress')), list(at(spec, 'ingress'))];
  if (egress.length === 0 && ingress.length === 0 && at(spec, 'outboundTrafficPolicy') === undefined && at(spec, 'inboundConnectionPool') === undefined) yield { path: 'spec', message: 'The Sidecar says nothing', fix: 'Set egress, ingress or outboundTrafficPolicy.' };
  for (const [i, listener] of egress.entries()) {
    const path = `spec.egress[${i}]`;
    const hosts = texts(at(listener, 'hosts'));
    if (hosts.length === 0) yield { path: `${path}.hosts`, message: 'A listener needs a host', fix: 'Name the services, or write "*/*".' };
    for (const [k, host] of hosts.entries()) yield* hostProblems(`${path}.hosts[${k}]`, host);
    if (at(listener, 'port') === undefined && i < egress.length - 1) yield { path, message: 'The listener without a port takes what the others leave, so it must be the last', fix: 'Move it to the end, or merge the listeners without a port.' };
  }
  yield* samePorts('egress', egress);
  yield* samePorts('ingress', ingress);
  for (const [i, listener] of ingress.entries()) {
    const endpoint = text(at(listener, 'defaultEndpoint'));
    if (endpoint !== undefined && endpoint !== '' && !/^((127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\]):\d+|unix:\/\/\/.+)$/.test(endpoint)) yield { path: `spec.ingress[${i}].defaultEndpoint`, message: `"${endpoint}" is not on the pod itself`, fix: 'Write 127.0.0.1:<port>, 0.0.0.0:<port> or unix:///<path>.' };
  }
}

function* hostProblems(path: string, host: string): Generator<Problem> {
  const slash = host.indexOf('/');
  if (slash === -1) {
    yield { path, message: `"${host}" names no namespace`, fix: 'Write namespace/host: shop/*, ./cart.shop.svc.cluster.local.' };
    return;
  }
  const scope = host.slice(0, slash);
  if (!['*', '.', '~'].includes(scope) && !isLabel(scope)) yield { path, message: `"${scope}" is no namespace` };
  const wrong = domainProblem(host.slice(slash + 1));
  if (wrong !== undefined) yield { path, message: wrong };
}

function* samePorts(direction: string, listeners: readonly unknown[]): Generator<Problem> {
  const seen = new Set<string>();
  for (const [i, listener] of listeners.entries()) {
    const port = number(at(listener, 'port', 'number'));
    const bind = text(at(listener, 'bind')) ?? '';
    if (port === undefined || port === 0) continue;
    if (seen.has(`${bind} ${port}`)) yield { path: `spec.${direction}[${i}].port`, message: `Two listeners take port ${port}` };
    seen.add(`${bind} ${port}`);
  }
}
