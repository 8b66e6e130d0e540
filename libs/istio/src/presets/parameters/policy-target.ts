import { dnsLabelField, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { meshScope, namespacesScope, placesOf, workloadsScope } from './mesh-scope.ts';
import type { MeshScope } from './mesh-scope.ts';

const once = (names: readonly string[]): boolean => new Set(names).size === names.length;

const servicesTarget = z.strictObject({
  scope: z.literal('SERVICES').meta({ title: 'Services behind a waypoint', description: 'What their waypoint lets through to some Services, in ambient mode.' }),
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Services.' }),
  services: z.array(dnsLabelField).min(1).max(16).refine(once, 'Name each Service once').meta({ title: 'Services', description: 'Names of the Services. They must use a waypoint.' }),
});

const gatewaysTarget = z.strictObject({
  scope: z.literal('GATEWAYS').meta({ title: 'Gateways of the Gateway API', description: 'Waypoints, and gateways that Istio runs for Gateway resources.' }),
  namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Gateways.' }),
  gateways: z.array(objectNameField).min(1).max(16).refine(once, 'Name each Gateway once').meta({ title: 'Gateways', description: 'Names of the Gateway resources.' }),
});

const waypointsTarget = z.strictObject({
  scope: z.literal('ALL_WAYPOINTS').meta({ title: 'All waypoints', description: 'Every waypoint of the mesh.' }),
  rootNamespace: dnsLabelField.default('istio-system').meta({ title: 'Root namespace', description: 'The root namespace of the mesh: Istio takes a policy for all waypoints there alone.' }),
});

/** What a policy can be attached to: scopes of proxies and ztunnels by selector, waypoints and gateways by reference. */
export const policyTargetField = z.discriminatedUnion('scope', [meshScope, namespacesScope, workloadsScope, servicesTarget, gatewaysTarget, waypointsTarget]);

export type PolicyTarget = z.output<typeof policyTargetField>;

/** The namespaces of the objects that cover the target, and what their spec says of it: a selector, references, or nothing. */
export interface Attachment {
  readonly namespaces: readonly string[];
  readonly spec: { readonly selector?: { readonly matchLabels: Record<string, string> }; readonly targetRefs?: readonly { readonly group: string; readonly kind: string; readonly name: string }[] };
}

export function attachmentOf(target: PolicyTarget): Attachment {
  switch (target.scope) {
    case 'SERVICES':
      return { namespaces: [target.namespace], spec: { targetRefs: target.services.map((name) => ({ group: '', kind: 'Service', name })) } };
    case 'GATEWAYS':
      return { namespaces: [target.namespace], spec: { targetRefs: target.gateways.map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })) } };
    case 'ALL_WAYPOINTS':
      return { namespaces: [target.rootNamespace], spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }] } };
    default:
      return selected(target);
  }
}

function selected(scope: MeshScope): Attachment {
  const { namespaces, labels } = placesOf(scope);
  return { namespaces, spec: labels === undefined ? {} : { selector: { matchLabels: labels } } };
}

/** True where ztunnel enforces the policy if the workloads are in ambient mode: it knows connections, not requests. */
export function isEnforcedByZtunnel(target: PolicyTarget): boolean {
  return target.scope === 'MESH' || target.scope === 'NAMESPACES' || target.scope === 'WORKLOADS';
}
