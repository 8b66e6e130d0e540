import type { KubeObject } from '@meshfleet/model';

/** What a team keeps in its repository: a route, limits, a partner outside, and the namespace that they are in. */
export interface TheirShop {
  readonly timeout: string;
  readonly maxConnections: number;
  readonly port: number;
  /** Label of the route: what we never say anything about. */
  readonly release: string;
}

export const THEIR_SHOP: TheirShop = { timeout: '1s', maxConnections: 10, port: 443, release: 'one' };

export function theirShop({ timeout, maxConnections, port, release }: TheirShop): KubeObject[] {
  const istio = (kind: string, name: string, spec: object, labels?: Record<string, string>): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'shop', ...(labels === undefined ? {} : { labels }) }, spec });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'shop', 'istio-injection': 'disabled' } } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'reviews', namespace: 'shop' }, spec: { ports: [{ name: 'http', port: 80 }], selector: { app: 'reviews' } } },
    istio('VirtualService', 'reviews', { hosts: ['reviews'], http: [{ timeout, route: [{ destination: { host: 'reviews' } }] }] }, { release }),
    istio('DestinationRule', 'reviews', { host: 'reviews', trafficPolicy: { connectionPool: { tcp: { maxConnections, tcpKeepalive: { time: '60s' } } } } }),
    istio('ServiceEntry', 'payments', { hosts: ['payments.example.com'], location: 'MESH_EXTERNAL', resolution: 'DNS', ports: [{ name: 'tls', number: port, protocol: 'TLS' }] }),
  ];
}

/** What the platform team's policy sets in the same objects; ours alone is the last. */
export const OUR_MANIFESTS = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{timeout: 9s, route: [{destination: {host: reviews}}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec: {host: reviews, trafficPolicy: {connectionPool: {tcp: {maxConnections: 100}}, outlierDetection: {consecutive5xxErrors: 5}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: payments, namespace: shop}
spec: {hosts: [payments.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{name: tls, number: 8443, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ours, namespace: shop}
spec: {host: reviews.shop.svc.cluster.local, exportTo: ["."], trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
`;

/** Fields of it that the policy may take. */
export const TAKE_OVER = [
  { object: 'Namespace/shop', fields: ['metadata.labels.istio-injection'] },
  { object: 'VirtualService.networking.istio.io/shop/reviews', fields: ['spec.http'] },
  { object: 'DestinationRule.networking.istio.io/shop/reviews', fields: ['spec.trafficPolicy.connectionPool'] },
  { object: 'ServiceEntry.networking.istio.io/shop/payments', fields: ['spec.ports'] },
];

/** What both set, as people would read it off the cluster. */
export const CONTESTED = {
  injection: { object: 'namespace/shop', path: '{.metadata.labels.istio-injection}' },
  timeout: { object: 'virtualservice.networking.istio.io/reviews', path: '{.spec.http[0].timeout}' },
  connections: { object: 'destinationrule.networking.istio.io/reviews', path: '{.spec.trafficPolicy.connectionPool.tcp.maxConnections}' },
  port: { object: 'serviceentry.networking.istio.io/payments', path: '{.spec.ports[0].number}' },
} as const;

export type Contested = Record<keyof typeof CONTESTED, string>;

export const said = ({ timeout, maxConnections, port }: TheirShop): Contested => ({ injection: 'disabled', timeout, connections: String(maxConnections), port: String(port) });
export const OURS: Contested = { injection: 'enabled', timeout: '9s', connections: '100', port: '8443' };
