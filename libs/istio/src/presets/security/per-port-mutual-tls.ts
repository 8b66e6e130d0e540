import { definePreset, objectNameField, portField } from '@meshfleet/manifest';
import { z } from 'zod';
import { workloadsScope } from '../parameters/mesh-scope.ts';
import { peerAuthentications } from './peer-authentication.ts';

const mode = z.enum(['STRICT', 'PERMISSIVE', 'DISABLE']);

export const perPortMutualTls = definePreset({
  name: 'per-port-mutual-tls',
  title: 'Mutual TLS by port',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'A workload whose ports differ: mutual TLS alone on one, both on another, plaintext alone on a third, and a rule for all the rest.',
  notes: [
    'Ports are those of the container, not of the Service. A port that the proxy does not intercept (traffic.sidecar.istio.io/excludeInboundPorts) is not concerned.',
    'A port at DISABLE needs no DestinationRule in a mesh with automatic mutual TLS: clients learn of it. A DestinationRule that says ISTIO_MUTUAL for that port makes them fail.',
    'ztunnel has no DISABLE: it takes mutual TLS and plaintext there, as with PERMISSIVE.',
    'In the root namespace ztunnel does not read settings by port at all.',
  ],
  parameters: z.strictObject({
    target: workloadsScope.meta({ title: 'Workloads', description: 'The workloads, by label: Istio takes settings by port for nothing else.' }),
    name: objectNameField.default('mutual-tls').meta({ title: 'Name', description: 'Name of the object.' }),
    otherPorts: mode.default('STRICT').meta({ title: 'Other ports', description: 'What holds for the ports that are not named.' }),
    ports: z
      .array(z.strictObject({ port: portField.meta({ title: 'Port', description: 'Port of the container.' }), mode: mode.meta({ title: 'Mode', description: 'STRICT takes mutual TLS alone, PERMISSIVE plaintext too, DISABLE plaintext alone.' }) }))
      .min(1)
      .refine((ports) => new Set(ports.map(({ port }) => port)).size === ports.length, 'Name each port once')
      .meta({ title: 'Ports', description: 'Ports with a mode of their own.' }),
  }),
  example: { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'catalogue' } }, name: 'catalogue', ports: [{ port: 9090, mode: 'PERMISSIVE' }, { port: 8081, mode: 'DISABLE' }] },
  render: ({ target, name, otherPorts, ports }) => peerAuthentications(target, otherPorts, { name, ports }),
});
