import { REFERENCE } from '@meshfleet/manifest';
import { z } from 'zod';
import { authorizationRuleField } from './authorization-rule.ts';
import type { AuthorizationRule } from './authorization-rule.ts';
import { isEnforcedByZtunnel, policyTargetField } from './policy-target.ts';
import type { PolicyTarget } from './policy-target.ts';

/** Parameters that every preset with authorization rules has. */
export const ruleParameters = {
  target: policyTargetField.meta({ title: 'Where', description: 'The mesh, namespaces, workloads by label, Services behind a waypoint, gateways, or all waypoints.' }),
  dataplane: z
    .enum(['SIDECAR', 'AMBIENT'])
    .default('SIDECAR')
    .meta({ title: 'Data plane', description: 'How the workloads of mesh, namespaces or labels are in the mesh. ztunnel knows connections alone, so that rules about requests are refused there.' }),
  trustDomain: z
    .string()
    .regex(new RegExp(`^(?:\\*|\\*?(?:[a-z0-9.-]|${REFERENCE})+)$`), 'Must be a trust domain, as in "cluster.local", or "*" for any')
    .default('cluster.local')
    .meta({ title: 'Trust domain', description: 'Trust domain of the service accounts. To sidecars, gateways and waypoints "cluster.local" means that of the mesh, whatever it is called; to ztunnel it does not: name it in ambient mode.', examples: ['cluster.local', 'prod.example.com', '*'] }),
  rules: z.array(authorizationRuleField).min(1).max(512).meta({ title: 'Rules', description: 'One of them must match.' }),
};

/** What of a rule can be told of an HTTP request alone: fields as users write them. */
function httpParts(rule: AuthorizationRule): string[] {
  return [
    ...(rule.to ?? []).flatMap((operation) => Object.keys(operation).filter((field) => !/ports$/i.test(field))),
    ...(rule.when ?? []).map(({ key }) => key).filter((key) => key.startsWith('request.')),
  ];
}

/** What of a rule is beyond ztunnel: besides requests the address before the proxies in front, and the name in the TLS handshake. */
function beyondZtunnel(rule: AuthorizationRule): string[] {
  const fields = [
    ...(rule.from ?? []).flatMap((source) => Object.keys(source).filter((field) => /remoteIpBlocks$/i.test(field))),
    ...httpParts(rule),
    ...(rule.when ?? []).map(({ key }) => key).filter((key) => key === 'remote.ip' || key === 'connection.sni'),
  ];
  return [...new Set(fields)];
}

interface CheckedParameters {
  readonly target: PolicyTarget;
  readonly dataplane: 'SIDECAR' | 'AMBIENT';
  readonly rules: readonly AuthorizationRule[];
}

/** Refuses rules that ztunnel would take for something else (istiod's ambient/authorization.go): ALLOW never matches, DENY matches too much. */
export function refuseRequestRulesForZtunnel({ value: { target, dataplane, rules }, issues }: z.core.ParsePayload<CheckedParameters>): void {
  if (dataplane !== 'AMBIENT' || !isEnforcedByZtunnel(target)) return;
  rules.forEach((rule, at) => {
    const parts = beyondZtunnel(rule);
    if (parts.length === 0) return;
    issues.push({ code: 'custom', path: ['rules', at], input: rule, message: `ztunnel cannot see ${parts.join(', ')}: an ALLOW rule with them never matches, a DENY rule matches without them. Attach the policy to a waypoint: choose the target SERVICES, GATEWAYS or ALL_WAYPOINTS` });
  });
}

/**
 * Refuses denials by HTTP attributes that name no port: on TCP ports Envoy ignores those attributes, and denies everything
 * (istiod's webhook warns of the same). Original addresses and server names belong to connections: Envoy minds them on every port.
 */
export function refuseDenialsWithoutPort({ value: { rules }, issues }: z.core.ParsePayload<CheckedParameters>): void {
  rules.forEach((rule, at) => {
    const to = rule.to ?? [];
    if (httpParts(rule).length === 0 || (to.length > 0 && to.every(({ ports, exceptPorts }) => ports !== undefined || exceptPorts !== undefined))) return;
    issues.push({ code: 'custom', path: ['rules', at, 'to'], input: rule, message: 'Name the ports that speak HTTP: on any other port the attributes of requests are ignored, and the rule denies everything' });
  });
}
