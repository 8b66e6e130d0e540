import { definePreset, dnsLabelField, labelsField, objectNameField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { meshScopeField } from '../parameters/mesh-scope.ts';
import { ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, principalOf } from './authorization-policy.ts';

export const defaultDeny = definePreset({
  name: 'default-deny',
  title: 'Default deny',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Nobody is let in who is not let in by name: an ALLOW policy without rules. Every other ALLOW policy adds to it (preset allow-list). For sidecars and for ambient mode, where waypoints get a denial of their own and are let through to the workloads behind them.',
  notes: [
    'For the whole mesh it also closes the ingress and egress gateways, which are workloads of the mesh like others. Name them under keepOpen, or give them allow lists.',
    'Add the allow lists first, then this. Or land it with dryRun and read in the proxies’ logs (scope rbac at debug) what it would refuse: "shadow denied".',
    'dryRun in ambient mode: istiod hands dry-run policies to ztunnel only with AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY, and a ztunnel older than 1.29 enforces them as if they were meant. Without the setting ztunnel ignores them.',
    'Selectors never reach waypoints: what waypoints refuse must be attached to them, and what is attached to them does not protect pods that are called past them. Name the waypoints, and the preset writes both sides.',
    'Probes of the kubelet, the agent’s own ports and ztunnel’s readiness are not affected.',
    'An AuthorizationPolicy of the action CUSTOM or DENY is evaluated before; it can refuse, but never let in.',
  ],
  parameters: z
    .strictObject({
      target: meshScopeField.meta({ title: 'Where', description: 'The whole mesh, namespaces, or workloads by label.' }),
      name: objectNameField.default('default-deny').meta({ title: 'Name', description: 'Name of the objects.' }),
      keepOpen: z
        .array(
          z.strictObject({
            namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads.' }),
            labels: labelsField.meta({ title: 'Labels', description: 'Labels of their pods.' }),
          }),
        )
        .default([])
        .meta({ title: 'Keep open', description: 'Workloads that everybody may still reach: gateways at the edge, above all.' }),
      waypoints: z
        .array(
          z.strictObject({
            namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the waypoint.' }),
            name: objectNameField.meta({ title: 'Name', description: 'Name of the waypoint, which is that of its service account too.' }),
          }),
        )
        .default([])
        .meta({ title: 'Waypoints', description: 'Waypoints of the workloads, in ambient mode: they refuse by default too, and are let through to the workloads.' }),
      trustDomain: ruleParameters.trustDomain,
      dryRun: z.boolean().default(false).meta({ title: 'Dry run', description: 'Evaluate and log, without refusing anything.' }),
    })
    .refine(({ keepOpen }) => new Set(keepOpen.map(({ namespace, labels }) => JSON.stringify([namespace, Object.entries(labels).sort()]))).size === keepOpen.length, { path: ['keepOpen'], message: 'Name each group of workloads once' })
    .refine(({ waypoints }) => new Set(waypoints.map(({ namespace, name }) => `${namespace}/${name}`)).size === waypoints.length, { path: ['waypoints'], message: 'Name each waypoint once' }),
  example: { target: { scope: 'MESH' }, keepOpen: [{ namespace: 'istio-ingress', labels: { istio: 'ingressgateway' } }], dryRun: true },
  render: ({ target, name, keepOpen, waypoints, trustDomain, dryRun }) => {
    const denials = authorizationPolicies({ name, target, action: 'ALLOW', rules: [], dryRun });
    const open = keepOpen.flatMap(({ namespace, labels }, at) =>
      authorizationPolicies({ name: `${name}-open-${String(at + 1)}`, target: { scope: 'WORKLOADS', namespace, labels }, action: 'ALLOW', rules: [{}], dryRun }),
    );
    if (waypoints.length === 0) return [...denials, ...open];
    const principals = waypoints.map((waypoint) => principalOf(`${waypoint.namespace}/${waypoint.name}`, trustDomain));
    const through = authorizationPolicies({ name: `${name}-waypoints`, target, action: 'ALLOW', rules: [{ from: [{ source: { principals } }] }], dryRun });
    return [...denials, ...open, ...through, ...Map.groupBy(waypoints, ({ namespace }) => namespace).entries().flatMap(([namespace, ones]) => atWaypoints(name, namespace, ones.map((one) => one.name), dryRun))];
  },
});

/** Istio takes at most 16 references in one object. */
function atWaypoints(name: string, namespace: string, gateways: readonly string[], dryRun: boolean): KubeObject[] {
  const groups = Array.from({ length: Math.ceil(gateways.length / 16) }, (_, at) => gateways.slice(at * 16, at * 16 + 16));
  return groups.flatMap((group, at) => authorizationPolicies({ name: `${name}-at-waypoints${at === 0 ? '' : `-${String(at + 1)}`}`, target: { scope: 'GATEWAYS', namespace, gateways: group }, action: 'ALLOW', rules: [], dryRun }));
}
