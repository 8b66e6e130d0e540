import { definePreset, objectNameField, portField } from '@meshfleet/manifest';
import { z } from 'zod';
import { meshScopeField } from '../parameters/mesh-scope.ts';
import { peerAuthentications } from './peer-authentication.ts';

export const permissiveMutualTls = definePreset({
  name: 'permissive-mutual-tls',
  title: 'Permissive mutual TLS',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Workloads accept mutual TLS and plaintext on one port: Istio’s default, made explicit. For a namespace or workload that still has clients outside the mesh while the rest of it is strict.',
  notes: [
    'Clients of the mesh use mutual TLS all the same: sidecars and ztunnels see that the server has an identity.',
    'Policies by service account or namespace do not meet plaintext clients: an ALLOW list refuses them, a DENY list by identity lets them pass.',
    'Protocols in which the server speaks first (MySQL, SMTP) may stall on a permissive port, for the proxy waits for the client’s first bytes. Declare the port’s protocol, or make it strict.',
    'Of several mesh-wide or namespace-wide PeerAuthentications Istio obeys the oldest; this one is called "default".',
  ],
  parameters: z
    .strictObject({
      target: meshScopeField.meta({ title: 'Where', description: 'The whole mesh, namespaces, or workloads by label.' }),
      name: objectNameField.optional().meta({ title: 'Name', description: 'Name of the object when it is about workloads: "mutual-tls" if none is given. For mesh and namespaces it is always "default".' }),
      strictPorts: z
        .array(portField)
        .default([])
        .refine((ports) => new Set(ports).size === ports.length, 'Name each port once')
        .meta({ title: 'Strict ports', description: 'Ports of the container that take mutual TLS alone already.' }),
    })
    .refine(({ target, strictPorts }) => strictPorts.length === 0 || target.scope === 'WORKLOADS', {
      path: ['strictPorts'],
      message: 'Istio takes settings by port for workloads alone: choose the target WORKLOADS and name their labels',
    })
    .refine(({ target, name }) => name === undefined || target.scope === 'WORKLOADS', { path: ['name'], message: 'The object of a mesh or namespace is called "default": leave the name out' }),
  example: { target: { scope: 'NAMESPACES', namespaces: ['legacy'] } },
  render: ({ target, name, strictPorts }) => peerAuthentications(target, 'PERMISSIVE', { name, ports: strictPorts.map((port) => ({ port, mode: 'STRICT' })) }),
});
