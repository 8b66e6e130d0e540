import { definePreset, objectNameField, portField } from '@meshfleet/manifest';
import { z } from 'zod';
import { meshScopeField } from '../parameters/mesh-scope.ts';
import { peerAuthentications } from './peer-authentication.ts';

export const strictMutualTls = definePreset({
  name: 'strict-mutual-tls',
  title: 'Strict mutual TLS',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description:
    'Workloads accept mutual TLS alone: whoever cannot show a certificate of the mesh is turned away. Single ports of a workload can stay open to plaintext, for a scraper or a legacy client outside the mesh.',
  notes: [
    'Clients without a proxy (jobs without sidecar, other clusters that are not federated, load balancers that go to pods directly) lose their connection the moment this lands. Use the preset mutual-tls-migration first; it shows who they are.',
    'Probes of the kubelet keep working: sidecars rewrite them, and ambient mode lets them pass.',
    'Of several mesh-wide or namespace-wide PeerAuthentications Istio obeys the oldest. This one is called "default", so that it meets an existing one instead of losing to it in silence. A workload’s PeerAuthentication beats its namespace’s, which beats the mesh’s.',
    'Exceptions by port need labels, and count the port of the container, not that of the Service. ztunnel obeys them too, except DISABLE: it accepts plaintext and mutual TLS there.',
    'It says what servers accept, not what clients send. A DestinationRule with tls.mode DISABLE or SIMPLE for a host of the mesh makes its clients fail.',
    'A connection in use is told to end when this lands. One that carries no call for the whole drain (45 s, `drainDuration`) is cut then, and a call that takes it at that very moment is answered 503 (flag UC). Istio’s own retries do not cover it, nor does `reset-before-request`; those of the preset retries on `reset` do.',
  ],
  parameters: z
    .strictObject({
      target: meshScopeField.meta({ title: 'Where', description: 'The whole mesh, namespaces, or workloads by label.' }),
      name: objectNameField.optional().meta({ title: 'Name', description: 'Name of the object when it is about workloads: "mutual-tls" if none is given. For mesh and namespaces it is always "default".' }),
      exceptPorts: z
        .array(
          z.strictObject({
            port: portField.meta({ title: 'Port', description: 'Port of the container.' }),
            mode: z.enum(['PERMISSIVE', 'DISABLE']).default('PERMISSIVE').meta({ title: 'Mode', description: 'PERMISSIVE takes plaintext beside mutual TLS; DISABLE takes plaintext alone.' }),
          }),
        )
        .default([])
        .refine((ports) => new Set(ports.map(({ port }) => port)).size === ports.length, 'Name each port once')
        .meta({ title: 'Except ports', description: 'Ports that also, or only, take plaintext.' }),
    })
    .refine(({ target, exceptPorts }) => exceptPorts.length === 0 || target.scope === 'WORKLOADS', {
      path: ['exceptPorts'],
      message: 'Istio takes exceptions by port for workloads alone: choose the target WORKLOADS and name their labels',
    })
    .refine(({ target, name }) => name === undefined || target.scope === 'WORKLOADS', { path: ['name'], message: 'The object of a mesh or namespace is called "default": leave the name out' }),
  example: { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } }, name: 'payments', exceptPorts: [{ port: 9090 }] },
  render: ({ target, name, exceptPorts }) => peerAuthentications(target, 'STRICT', { name, ports: exceptPorts }),
});
