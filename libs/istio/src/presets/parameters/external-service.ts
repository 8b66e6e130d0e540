import { objectNameField, portField, publicHostField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';

const address = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: 'Must be an IP address or a block, as in "203.0.113.7" or "203.0.113.0/24"' }).meta({ examples: ['203.0.113.7', '198.51.100.0/24'] });

/** Protocols whose host a proxy can read: from the Host header, or from the server name of the TLS handshake. */
const NAMING_PROTOCOLS = new Set(['HTTP', 'HTTP2', 'GRPC', 'HTTPS', 'TLS']);

/** A host of the world outside, made known to the mesh. */
export const externalServiceField = z
  .strictObject({
    name: objectNameField.meta({ title: 'Name', description: 'Name of the ServiceEntry.' }),
    hosts: z
      .array(publicHostField.meta({ examples: ['api.example.com', 'login.example.org', '*.example.net'] }))
      .min(1)
      .max(256)
      .refine((hosts) => new Set(hosts).size === hosts.length, 'Name each host once')
      .meta({ title: 'Hosts', description: 'Names by which workloads call it, as in "api.example.com" or "*.example.com".' }),
    ports: z
      .array(
        z.strictObject({
          number: portField.meta({ title: 'Port', description: 'Port that workloads call.' }),
          protocol: z.enum(['HTTPS', 'TLS', 'HTTP', 'HTTP2', 'GRPC', 'TCP', 'MONGO', 'MYSQL', 'REDIS']).default('HTTPS').meta({ title: 'Protocol', description: 'What the workload speaks: HTTPS and TLS when it encrypts by itself.' }),
        }),
      )
      .min(1)
      .max(16)
      .refine((ports) => new Set(ports.map(({ number }) => number)).size === ports.length, 'Name each port once')
      .default([{ number: 443, protocol: 'HTTPS' }])
      .meta({ title: 'Ports', description: 'Ports that are open.' }),
    addresses: z.array(address).min(1).max(256).optional().meta({ title: 'Addresses', description: 'Addresses of it. Protocols that carry no host name (TCP, databases) are told apart by these alone.' }),
  })
  .refine(({ ports, addresses }) => addresses !== undefined || ports.every(({ protocol }) => NAMING_PROTOCOLS.has(protocol)), {
    path: ['addresses'],
    message: 'TCP and databases carry no host name: without addresses such a port would be open to every address',
  })
  .refine(({ hosts, ports, addresses }) => addresses === undefined || hosts.length === 1 || ports.every(({ protocol }) => NAMING_PROTOCOLS.has(protocol)), { path: ['hosts'], message: 'Addresses with TCP belong to one host: make an entry for each' });

export type ExternalService = z.output<typeof externalServiceField>;

/**
 * The ServiceEntry of it. Names are resolved by the proxy (DNS), so that the address is not the caller's to choose;
 * wildcards and blocks of addresses cannot be, and go where the caller's connection went (NONE).
 */
export function serviceEntry({ name, hosts, ports, addresses }: ExternalService, namespace: string, exportTo: readonly string[]): KubeObject {
  const unresolvable = hosts.some((host) => host.startsWith('*')) || (addresses ?? []).length > 0;
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace },
    spec: {
      hosts,
      ...(addresses === undefined ? {} : { addresses }),
      exportTo,
      location: 'MESH_EXTERNAL',
      resolution: unresolvable ? 'NONE' : 'DNS',
      ports: ports.map(({ number, protocol }) => ({ number, name: `${protocol.toLowerCase()}-${String(number)}`, protocol })),
    },
  };
}
