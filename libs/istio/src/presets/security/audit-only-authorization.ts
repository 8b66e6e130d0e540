import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyTargetField } from '../parameters/policy-target.ts';
import { refuseRequestRulesForZtunnel, ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, nativeRule } from './authorization-policy.ts';

export const auditOnlyAuthorization = definePreset({
  name: 'audit-only-authorization',
  title: 'Audit-only authorization',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Marks requests that match for the audit of the telemetry in use, and lets them be decided by the other policies. For payments, administration and whatever else must be accounted for.',
  notes: [
    'It decides nothing: neither ALLOW nor DENY.',
    'Nothing is written unless an extension of the proxies reads the mark: Istio itself ships the one of Stackdriver (Google Cloud) alone. To see in plain logs what a policy would do, use dry-run-authorization; to log certain requests, conditional-access-logs.',
    'ztunnel does not know the action AUDIT: in ambient mode attach it to a waypoint.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.meta({ title: 'Name', description: 'Name of the objects: what they audit.' }),
      ...ruleParameters,
      target: policyTargetField.meta({ title: 'Where', description: 'The mesh, namespaces, workloads by label, Services behind a waypoint, gateways, or all waypoints.' }),
    })
    .refine(({ target, dataplane }) => dataplane === 'SIDECAR' || target.scope === 'SERVICES' || target.scope === 'GATEWAYS' || target.scope === 'ALL_WAYPOINTS', {
      path: ['target'],
      message: 'ztunnel does not know the action AUDIT: choose the target SERVICES, GATEWAYS or ALL_WAYPOINTS',
    })
    .check(refuseRequestRulesForZtunnel),
  example: { name: 'audit-refunds', target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } }, rules: [{ to: [{ methods: ['POST'], paths: ['/charges/{*}/refund'], ports: [8080] }] }] },
  render: ({ name, target, rules, trustDomain }) => authorizationPolicies({ name, target, action: 'AUDIT', rules: rules.map((rule) => nativeRule(rule, trustDomain)) }),
});
