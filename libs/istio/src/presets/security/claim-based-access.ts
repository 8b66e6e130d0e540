import { definePreset, objectNameField, portField, presentFields } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';
import { pathPatternField } from '../parameters/authorization-rule.ts';
import { isEnforcedByZtunnel, policyTargetField } from '../parameters/policy-target.ts';
import { authorizationPolicies } from './authorization-policy.ts';

const texts = z.array(z.string().min(1)).min(1).optional();
const methods = z.array(z.string().regex(/^[A-Z]+$/, 'Must be an HTTP method in capitals')).min(1).optional();
const paths = z.array(pathPatternField).min(1).optional();

const claim = z
  .strictObject({
    claim: z
      .array(z.string().regex(/^[^\s[\]]+$/, 'Must be the name of a claim, without brackets'))
      .min(1)
      .max(8)
      .meta({ title: 'Claim', description: 'Name of the claim; for a nested one the names on the way to it, as ["realm_access", "roles"].' }),
    values: texts.meta({ title: 'Values', description: 'One of these, with "*" at start or end if need be. In a list, one of its texts must match.' }),
    exceptValues: texts.meta({ title: 'Except values', description: 'None of these.' }),
  })
  .refine(({ values, exceptValues }) => values !== undefined || exceptValues !== undefined, 'Name values or except values');

const rule = z
  .strictObject({
    issuers: texts.meta({ title: 'Issuers', description: 'Issuers whose tokens count; any that jwt-authentication verifies, if none is named.' }),
    claims: z.array(claim).min(1).optional().meta({ title: 'Claims', description: 'All of them must hold. None: a valid token is enough.' }),
    ports: z.array(portField).min(1).optional().meta({ title: 'Ports', description: 'Ports that the rule is about.' }),
    methods: methods.meta({ title: 'Methods', description: 'Methods that the rule is about.' }),
    paths: paths.meta({ title: 'Paths', description: 'Paths that the rule is about.' }),
  })
  .refine(({ issuers = ['*'] }) => issuers.every((issuer) => !issuer.includes('*') || issuer === '*'), { path: ['issuers'], message: 'Write issuers in full, or "*" for all' });

const publicParts = z
  .strictObject({
    methods: methods.meta({ title: 'Methods', description: 'Methods that need no token.' }),
    paths: paths.meta({ title: 'Paths', description: 'Paths that need no token.' }),
    ports: z.array(portField).min(1).optional().meta({ title: 'Ports', description: 'Ports that need no token.' }),
  })
  .refine((fields) => Object.values(fields).some((field) => field !== undefined), 'Say what is open, or leave it out');

export const claimBasedAccess = definePreset({
  name: 'claim-based-access',
  title: 'Access by claims',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Lets in whose token says so: roles, groups, scopes, tenants, per path and method. Everything that no rule names is closed, requests without token above all.',
  notes: [
    'It reads what jwt-authentication has verified. Without a RequestAuthentication for the same workloads there are no claims, and nobody gets in.',
    'It is an ALLOW policy: other allow lists of the workload add to it. One that lets in a namespace lets it in without token.',
    'A claim that is a text of words ("scope": "read write") matches as a whole unless the RequestAuthentication names it as space-delimited; "scope" and "permission" always are.',
    'Claims must be texts or lists of texts. Numbers and booleans never match.',
    '"Except values" also matches tokens that do not have the claim.',
    'In ambient mode it belongs on a waypoint, as jwt-authentication does.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.default('claims').meta({ title: 'Name', description: 'Name of the objects.' }),
      target: policyTargetField.meta({ title: 'Where', description: 'Workloads, namespaces, gateways by label, or what stands behind a waypoint.' }),
      dataplane: z.enum(['SIDECAR', 'AMBIENT']).default('SIDECAR').meta({ title: 'Data plane', description: 'How the workloads are in the mesh.' }),
      rules: z.array(rule).min(1).max(256).meta({ title: 'Rules', description: 'One of them must match.' }),
      open: z.array(publicParts).min(1).optional().meta({ title: 'Open', description: 'Requests that everybody may make: health checks, public pages.' }),
    })
    .refine(({ dataplane, target }) => dataplane === 'SIDECAR' || !isEnforcedByZtunnel(target), { path: ['target'], message: 'ztunnel reads no tokens: attach the policy to a waypoint, with the target SERVICES, GATEWAYS or ALL_WAYPOINTS' }),
  example: {
    name: 'orders-by-role',
    target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'orders' } },
    rules: [
      { issuers: ['https://login.example.com/'], claims: [{ claim: ['groups'], values: ['customers', 'staff'] }], methods: ['GET'], paths: ['/orders', '/orders/{*}'] },
      { issuers: ['https://login.example.com/'], claims: [{ claim: ['realm_access', 'roles'], values: ['orders-admin'] }] },
    ],
    open: [{ methods: ['GET'], paths: ['/healthz'] }],
  },
  render: ({ name, target, rules, open = [] }) =>
    authorizationPolicies({
      name,
      target,
      action: 'ALLOW',
      rules: [...rules.map(claimRule), ...open.map((parts) => ({ to: [{ operation: operationOf(parts) }] }))],
    }),
});

/** The principal of a request is issuer/subject, and exists only if its token was verified. */
function claimRule({ issuers = ['*'], claims, ...parts }: z.output<typeof rule>): JsonObject {
  const operation = operationOf(parts);
  return presentFields({
    from: [{ source: { requestPrincipals: issuers.map((issuer) => (issuer === '*' ? '*' : `${issuer}/*`)) } }],
    to: Object.keys(operation).length === 0 ? undefined : [{ operation }],
    when: claims?.map(({ claim: names, values, exceptValues }) => presentFields({ key: `request.auth.claims${names.map((one) => `[${one}]`).join('')}`, values, notValues: exceptValues })),
  });
}

function operationOf({ ports, methods: allowed, paths: under }: { ports?: number[] | undefined; methods?: string[] | undefined; paths?: string[] | undefined }): JsonObject {
  return presentFields({ ports: ports?.map(String), methods: allowed, paths: under });
}
