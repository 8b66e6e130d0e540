import type { KubeObject } from '@meshfleet/model';

/** The service as a cluster must know it that has no pods of it: by name, or its proxies and its DNS know nothing of it. */
export const ECHO_WITHOUT_PODS: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'echo', namespace: 'shop', labels: { app: 'echo' } }, spec: { selector: { app: 'echo' }, ports: [{ name: 'http', port: 8080, targetPort: 8080 }] } },
];

/** Shows every service of the mesh to the other networks; the gateway reads the service from the SNI and decrypts nothing. */
export const CROSS_NETWORK_GATEWAY: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'cross-network-gateway', namespace: 'istio-system' },
  spec: {
    selector: { istio: 'eastwestgateway' },
    servers: [{ port: { number: 15443, name: 'tls', protocol: 'TLS' }, tls: { mode: 'AUTO_PASSTHROUGH' }, hosts: ['*.local'] }],
  },
};

/** Has a gateway count the connections on the port that other networks use, and the endpoints behind it: Istio leaves these counts out by default. */
const proxyStatsMatcher = { inclusionRegexps: ['listener\\..*15443.*', 'cluster\\.outbound_\\..*\\.echo\\..*'] };
export const COUNTED_GATEWAY = { podAnnotations: { 'proxy.istio.io/config': JSON.stringify({ proxyStatsMatcher }) } };
