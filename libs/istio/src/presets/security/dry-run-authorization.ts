import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { isEnforcedByZtunnel } from '../parameters/policy-target.ts';
import { refuseDenialsWithoutPort, refuseRequestRulesForZtunnel, ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, nativeRule } from './authorization-policy.ts';

export const dryRunAuthorization = definePreset({
  name: 'dry-run-authorization',
  title: 'Dry-run authorization',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'An allow list, deny list or default deny that is evaluated on real traffic and enforced on none: proxies log what it would have done. Take the same name and rules to the preset allow-list or deny-list when the logs are quiet.',
  notes: [
    'Where to look: debug logs of the proxies (istioctl proxy-config log POD --level rbac:debug) say "shadow denied" and "shadow allowed" with the name of the policy; their counters rbac.…shadow_denied and shadow_allowed are published by default; spans carry istio.authorization.dry_run.allow_policy.result and its like.',
    'ALLOW and DENY policies in dry run are counted apart: what would be decided together must be read from both.',
    'In ambient mode istiod hands it to ztunnel only if AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is set (1.29 and later, off by default). A ztunnel older than 1.29 ENFORCES such a policy: update every ztunnel before you set it. That is why it must be confirmed here.',
    'Without rules and with the action ALLOW it is a default deny on trial.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.meta({ title: 'Name', description: 'Name of the objects.' }),
      action: z.enum(['ALLOW', 'DENY']).default('ALLOW').meta({ title: 'Action', description: 'What it would do with requests that match.' }),
      ...ruleParameters,
      rules: ruleParameters.rules.unwrap().array().max(512).default([]).meta({ title: 'Rules', description: 'One of them must match. None, with the action ALLOW: nobody would be let in.' }),
      everyZtunnelKnowsDryRun: z.boolean().default(false).meta({ title: 'Every ztunnel is 1.29 or later', description: 'Confirms that no older ztunnel is left, which would enforce the policy. Needed in ambient mode.' }),
    })
    .refine(({ action, rules }) => action === 'ALLOW' || rules.length > 0, { path: ['rules'], message: 'A DENY policy without rules never denies: name what to deny' })
    .refine(({ target, dataplane, everyZtunnelKnowsDryRun }) => dataplane === 'SIDECAR' || !isEnforcedByZtunnel(target) || everyZtunnelKnowsDryRun, {
      path: ['everyZtunnelKnowsDryRun'],
      message: 'A ztunnel older than 1.29 enforces dry-run policies: confirm that there is none, or attach the policy to a waypoint',
    })
    .check(refuseRequestRulesForZtunnel, (payload) => {
      if (payload.value.action === 'DENY') refuseDenialsWithoutPort(payload);
    }),
  example: { name: 'payments-clients', target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } }, rules: [{ from: [{ serviceAccounts: ['shop/checkout'] }], to: [{ methods: ['POST'], ports: [8080] }] }] },
  render: ({ name, action, target, rules, trustDomain }) => authorizationPolicies({ name, target, action, rules: rules.map((rule) => nativeRule(rule, trustDomain)), dryRun: true }),
});
