import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { refuseDenialsWithoutPort, refuseRequestRulesForZtunnel, ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, nativeRule } from './authorization-policy.ts';

export const denyList = definePreset({
  name: 'deny-list',
  title: 'Deny list',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Turns away who matches one of the rules, whatever allow lists say; everybody else is judged by those as before. For guard rails: no calls from a namespace, no method, no administrative path from outside.',
  notes: [
    'DENY is evaluated before ALLOW and after CUSTOM. It lets nobody in.',
    'A client without identity (plaintext) has no namespace: a denial by namespace does not meet it. "Except namespaces" does, and so denies plaintext and every other namespace alike.',
    'Rules about requests must name the ports that speak HTTP: on TCP ports the attributes of requests are ignored, and the rule would deny everything. Original addresses and server names (connection.sni) hold on every port.',
    'A path that is denied can be written in other ways ("//admin", "/x/../admin", escaped slashes). meshConfig.pathNormalization decides what is the same; allow what you know rather than deny what you fear.',
    'Hosts are compared with the Host header as sent: with its port, if the client writes one.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.meta({ title: 'Name', description: 'Name of the objects: what they deny, as in "no-admin-from-outside".' }),
      ...ruleParameters,
    })
    .check(refuseRequestRulesForZtunnel, refuseDenialsWithoutPort),
  example: {
    name: 'no-admin-from-outside',
    target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'catalogue' } },
    rules: [{ from: [{ exceptNamespaces: ['operations'] }], to: [{ paths: ['/admin', '/admin/*'], ports: [8080] }] }, { from: [{ namespaces: ['sandbox-*'] }] }],
  },
  render: ({ name, target, rules, trustDomain }) => authorizationPolicies({ name, target, action: 'DENY', rules: rules.map((rule) => nativeRule(rule, trustDomain)) }),
});
