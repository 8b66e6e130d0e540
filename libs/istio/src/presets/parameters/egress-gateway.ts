import { dnsLabelField, hostField, labelsField, portField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';

/** The egress gateway through which traffic leaves. */
export const egressGatewayField = z.strictObject({
  namespace: dnsLabelField.default('istio-egress').meta({ title: 'Namespace', description: 'Namespace of the gateway’s pods. Its objects are written there.' }),
  labels: labelsField.default({ istio: 'egressgateway' }).meta({ title: 'Labels', description: 'Labels of the gateway’s pods.' }),
  host: hostField.default('istio-egressgateway.istio-egress.svc.cluster.local').meta({ title: 'Host', description: 'Full name of the gateway’s Service.' }),
  port: portField.default(443).meta({ title: 'Port', description: 'Port of that Service which takes the traffic.' }),
});

export type EgressGateway = z.output<typeof egressGatewayField>;

/** TLS that the workload has begun itself goes to the gateway as it is, and is told by its server name. */
export function passThroughGateway(name: string, hosts: readonly string[], port: number, gateway: EgressGateway): KubeObject[] {
  const { namespace, labels } = gateway;
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: { selector: labels, servers: [{ port: { number: gateway.port, name: 'tls', protocol: 'TLS' }, hosts, tls: { mode: 'PASSTHROUGH' } }] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name, namespace },
      spec: {
        hosts,
        gateways: ['mesh', `${namespace}/${name}`],
        tls: [
          { match: [{ gateways: ['mesh'], port, sniHosts: hosts }], route: [{ destination: { host: gateway.host, port: { number: gateway.port } } }] },
          ...hosts.map((host) => ({ match: [{ gateways: [`${namespace}/${name}`], port: gateway.port, sniHosts: [host] }], route: [{ destination: { host, port: { number: port } } }] })),
        ],
      },
    },
  ];
}
