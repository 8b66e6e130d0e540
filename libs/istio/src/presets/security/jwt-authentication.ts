import { definePreset, objectNameField, portField, presentFields } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { pathPatternField } from '../parameters/authorization-rule.ts';
import { jwtIssuerField } from '../parameters/jwt-issuer.ts';
import type { JwtIssuer } from '../parameters/jwt-issuer.ts';
import { attachmentOf, isEnforcedByZtunnel, policyTargetField } from '../parameters/policy-target.ts';
import { authorizationPolicies } from './authorization-policy.ts';

export const jwtAuthentication = definePreset({
  name: 'jwt-authentication',
  title: 'JWT authentication',
  category: 'SECURITY',
  flavour: 'ISTIO',
  description: 'Verifies JSON Web Tokens of end users: signature, issuer, audience, time. A request with a bad token is refused with 401; with requireToken, one without a token is refused with 403.',
  notes: [
    'Verifying alone lets requests without any token pass. Set requireToken, or use claim-based-access, which only lets tokens in.',
    'istiod fetches the keys, about every 20 minutes, and hands them to the proxies: istiod must reach the address, and in a cluster without a way out you give the keys inline. When the first fetch fails, istiod hands out a key that matches nothing, and all tokens are refused.',
    'With several issuers a request must carry one token alone: of two valid ones in two places Istio does not say which identity counts.',
    'Requiring a token is a DENY policy: it stands beside your allow lists and opens nothing. It names the ports that speak HTTP, because on any other port it would deny everything.',
    'Browsers send no token with CORS preflights: leave OPTIONS out of the requirement where browsers call from other origins.',
    'Tokens need a proxy that reads requests: in ambient mode a waypoint (target SERVICES, GATEWAYS or ALL_WAYPOINTS). ztunnel ignores the RequestAuthentication, and so everything passes.',
    'A token is removed after it has been verified unless it is forwarded: services further in, with a policy like this, will not see it.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.default('jwt').meta({ title: 'Name', description: 'Name of the objects.' }),
      target: policyTargetField.meta({ title: 'Where', description: 'Ingress gateways by label, workloads, namespaces, or what stands behind a waypoint.' }),
      dataplane: z.enum(['SIDECAR', 'AMBIENT']).default('SIDECAR').meta({ title: 'Data plane', description: 'How the workloads are in the mesh.' }),
      issuers: z.array(jwtIssuerField).min(1).max(64).meta({ title: 'Issuers', description: 'Issuers whose tokens are taken.' }),
      requireToken: z
        .strictObject({
          ports: z.array(portField).min(1).meta({ title: 'Ports', description: 'Ports that speak HTTP: of the container, at a waypoint of the Service, at a gateway of its pod (8080 and 8443 rather than 80 and 443).' }),
          exceptPaths: z.array(pathPatternField).min(1).optional().meta({ title: 'Except paths', description: 'Paths that need no token, as health checks and public pages.' }),
          exceptMethods: z.array(z.string().regex(/^[A-Z]+$/, 'Must be an HTTP method in capitals')).min(1).optional().meta({ title: 'Except methods', description: 'Methods that need no token, as OPTIONS.' }),
        })
        .optional()
        .meta({ title: 'Require a token', description: 'Refuse requests without a valid token.' }),
    })
    .refine(({ issuers }) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length, { path: ['issuers'], message: 'Name each issuer once: of two entries with one issuer only one would be used' })
    .refine(({ dataplane, target }) => dataplane === 'SIDECAR' || !isEnforcedByZtunnel(target), { path: ['target'], message: 'ztunnel reads no tokens: attach the policy to a waypoint, with the target SERVICES, GATEWAYS or ALL_WAYPOINTS' }),
  example: {
    name: 'customers',
    target: { scope: 'WORKLOADS', namespace: 'istio-ingress', labels: { istio: 'ingressgateway' } },
    issuers: [{ issuer: 'https://login.example.com/', audiences: ['shop'], jwksUri: 'https://login.example.com/.well-known/jwks.json', forwardToken: true, claimHeaders: [{ header: 'x-customer', claim: 'sub' }] }],
    requireToken: { ports: [8080, 8443], exceptPaths: ['/', '/static/*', '/healthz'], exceptMethods: ['OPTIONS'] },
  },
  render: ({ name, target, issuers, requireToken }) => [...requestAuthentications(name, target, issuers), ...(requireToken === undefined ? [] : denials(name, target, requireToken))],
});

function requestAuthentications(name: string, target: z.output<typeof policyTargetField>, issuers: readonly JwtIssuer[]): KubeObject[] {
  const { namespaces, spec } = attachmentOf(target);
  return namespaces.map((namespace) => ({ apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication', metadata: { name, namespace }, spec: { ...spec, jwtRules: issuers.map(jwtRule) } }));
}

function jwtRule({ issuer, audiences, jwksUri, jwks, fromHeaders, fromParams, fromCookies, spaceDelimitedClaims, forwardToken, payloadHeader, claimHeaders, fetchTimeout }: JwtIssuer): JsonObject {
  return presentFields({
    issuer,
    audiences,
    jwksUri,
    jwks,
    fromHeaders: fromHeaders?.map(({ name, prefix }) => presentFields({ name, prefix })),
    fromParams,
    fromCookies,
    spaceDelimitedClaims,
    forwardOriginalToken: forwardToken ? true : undefined,
    outputPayloadToHeader: payloadHeader,
    outputClaimToHeaders: claimHeaders?.map(({ header, claim }) => ({ header, claim })),
    timeout: fetchTimeout,
  });
}

/** A request without a verified token has no request principal. Of one operation all parts must match: so either exception spares it. */
function denials(name: string, target: z.output<typeof policyTargetField>, { ports, exceptPaths, exceptMethods }: { ports: number[]; exceptPaths?: string[] | undefined; exceptMethods?: string[] | undefined }): KubeObject[] {
  const operation = presentFields({ ports: ports.map(String), notPaths: exceptPaths, notMethods: exceptMethods });
  return authorizationPolicies({ name: `${name}-required`, target, action: 'DENY', rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }], to: [{ operation }] }] });
}
