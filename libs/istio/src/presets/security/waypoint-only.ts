import { definePreset, dnsLabelField, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { meshScopeField } from '../parameters/mesh-scope.ts';
import { ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, principalOf } from './authorization-policy.ts';

export const waypointOnly = definePreset({
  name: 'waypoint-only',
  title: 'Only through the waypoint',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'In ambient mode workloads accept connections from their waypoints alone, so that what is enforced there cannot be walked around: by calling a pod’s address, from another cluster, or through a gateway that does not know the waypoint.',
  notes: [
    'Enforced by ztunnel, at the workload. It closes the workloads to everybody else, so give the waypoint rules of its own (preset allow-list with the target SERVICES).',
    'Ports that are scraped or called directly must be let in by an allow list of their own: ALLOW policies add up.',
    'Traffic from ingress gateways reaches a waypoint only if the Service or namespace is labelled istio.io/ingress-use-waypoint=true; otherwise it comes straight from the gateway and is refused.',
    'Calls from clusters where the waypoint does not exist arrive past it, and are refused too. Keep waypoints of the same name in every cluster.',
    'ztunnel compares trust domains literally: name yours if it is not cluster.local.',
  ],
  parameters: z.strictObject({
    name: objectNameField.default('waypoint-only').meta({ title: 'Name', description: 'Name of the objects.' }),
    target: meshScopeField.meta({ title: 'Where', description: 'Workloads in ambient mode: of namespaces, or by label.' }),
    waypoints: z
      .array(
        z.strictObject({
          namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the waypoint.' }),
          name: objectNameField.meta({ title: 'Name', description: 'Name of the waypoint, which is that of its service account too.' }),
        }),
      )
      .min(1)
      .meta({ title: 'Waypoints', description: 'Those that may reach the workloads.' }),
    trustDomain: ruleParameters.trustDomain,
  }),
  example: { target: { scope: 'NAMESPACES', namespaces: ['shop'] }, waypoints: [{ namespace: 'shop', name: 'waypoint' }] },
  render: ({ name, target, waypoints, trustDomain }) =>
    authorizationPolicies({ name, target, action: 'ALLOW', rules: [{ from: [{ source: { principals: waypoints.map((waypoint) => principalOf(`${waypoint.namespace}/${waypoint.name}`, trustDomain)) } }] }] }),
});
