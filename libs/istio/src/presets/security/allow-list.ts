import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { refuseRequestRulesForZtunnel, ruleParameters } from '../parameters/rule-checks.ts';
import { authorizationPolicies, nativeRule } from './authorization-policy.ts';

export const allowList = definePreset({
  name: 'allow-list',
  title: 'Allow list',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Lets in who matches one of the rules: by service account, namespace, address, method, path, port, host or any attribute, with exceptions. The first ALLOW policy of a workload closes it to everybody else.',
  notes: [
    'One ALLOW policy that matches is enough, so allow lists add up: a narrow one does not take back what a wide one gives.',
    'Service accounts and namespaces are read from the client’s certificate. Over plaintext there is none, and such rules never match: see to strict mutual TLS.',
    '"Except" on identities also matches clients that have no identity at all. Say whom you let in rather than whom you do not.',
    'On ports that do not speak HTTP a rule with methods, paths, hosts or headers never matches.',
    'Ports are those of the container. A Service’s port 80 with targetPort 8080 is 8080 here; at a waypoint it is 80.',
    'Behind a waypoint the workloads see the waypoint, not the client: attach rules about clients to the waypoint (target SERVICES), and let the workloads accept the waypoint alone (preset waypoint-only), or callers go past it.',
    'Paths are compared after the mesh has normalized them (meshConfig.pathNormalization), without query; matching is case-sensitive.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.meta({ title: 'Name', description: 'Name of the objects: what they allow, as in "allow-checkout".' }),
      ...ruleParameters,
    })
    .check(refuseRequestRulesForZtunnel),
  example: {
    name: 'payments-clients',
    target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } },
    rules: [
      { from: [{ serviceAccounts: ['shop/checkout'] }], to: [{ methods: ['POST'], paths: ['/charges', '/charges/{*}/refund'], ports: [8080] }] },
      { from: [{ namespaces: ['monitoring'] }], to: [{ methods: ['GET'], paths: ['/metrics'], ports: [9090] }] },
    ],
  },
  render: ({ name, target, rules, trustDomain }) => authorizationPolicies({ name, target, action: 'ALLOW', rules: rules.map((rule) => nativeRule(rule, trustDomain)) }),
});
