import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { serviceOf } from '../../views/service.ts';
import type { ServicePortView } from '../../views/service.ts';

/** Ports of Services whose protocol Istio must guess. */
export const portName = defineRule({
  code: 'IST0118',
  name: 'PortNameIsNotUnderNamingConvention',
  severity: 'INFO',
  title: 'Port does not tell its protocol',
  why: 'Istio then guesses the protocol from the first bytes, which costs a moment for each connection and fails for protocols in which the server speaks first.',
  fix: 'Set appProtocol, or begin the name with the protocol: http, http-web, grpc, tcp-db.',
  example: `
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
`,
  on: [KIND.Service],
  reads: {},
  *evaluate(subject) {
    // Kubernetes' own services, and those that istiod makes for gateways.
    if (subject.namespace.startsWith('kube-') || subject.labels['gateway.istio.io/managed'] !== undefined) return;
    const { ports, type } = serviceOf(subject);
    if (type === 'ExternalName') return;
    for (const port of ports) if (!tellsProtocol(port)) yield { path: port.path, message: `Port ${port.port ?? 0}${port.name === undefined ? '' : ` (${port.name})`} names no protocol that Istio knows` };
  },
});

const PROTOCOLS = new Set(['grpc', 'grpc-web', 'http', 'http_proxy', 'http2', 'https', 'tcp', 'tls', 'udp', 'mongo', 'redis', 'mysql']);
/** SMTP, MySQL and MongoDB: the server speaks first, so Istio never guesses on these ports. */
const NEVER_GUESSED = new Set([25, 3306, 27017]);
const APP_PROTOCOLS = new Set(['kubernetes.io/h2c', 'kubernetes.io/ws', 'kubernetes.io/wss']);

function tellsProtocol({ name, protocol, appProtocol, port }: ServicePortView): boolean {
  if (protocol === 'UDP') return true;
  if (appProtocol !== undefined && appProtocol !== '') return APP_PROTOCOLS.has(appProtocol) || isKnown(appProtocol);
  return (name !== undefined && isKnown(name)) || NEVER_GUESSED.has(port ?? 0);
}

function isKnown(name: string): boolean {
  const text = name.toLowerCase();
  return PROTOCOLS.has(text) || PROTOCOLS.has(text.split('-')[0] ?? '') || text.startsWith('grpc-web-');
}
