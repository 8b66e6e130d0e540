import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { claimBasedAccess } from './claim-based-access.ts';
import { jwtAuthentication } from './jwt-authentication.ts';

const target = { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'orders' } };
const issuer = 'https://login.example.com/';

describe('JWT authentication', () => {
  it('verifies, and lets requests without token pass, unless one is required', () => {
    const verified = { apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication', metadata: { name: 'jwt', namespace: 'shop' }, spec: { selector: { matchLabels: { app: 'orders' } }, jwtRules: [{ issuer }] } };
    expect(written(jwtAuthentication, { target, issuers: [{ issuer }] })).toEqual([verified]);
    expect(written(jwtAuthentication, { target, issuers: [{ issuer }], requireToken: { ports: [8080], exceptPaths: ['/healthz'], exceptMethods: ['OPTIONS'] } })).toEqual([
      verified,
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'jwt-required', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'orders' } },
          action: 'DENY',
          rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }], to: [{ operation: { ports: ['8080'], notPaths: ['/healthz'], notMethods: ['OPTIONS'] } }] }],
        },
      },
    ]);
  });

  it('writes all that can be said of an issuer', () => {
    const jwks = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
    const [policy] = written(jwtAuthentication, {
      target: { scope: 'SERVICES', namespace: 'shop', services: ['orders'] },
      issuers: [{ issuer, audiences: ['shop'], jwks, fromHeaders: [{ name: 'x-token', prefix: 'Token ' }, { name: 'x-other' }], fromParams: ['t'], fromCookies: ['session'], spaceDelimitedClaims: ['roles'], forwardToken: true, payloadHeader: 'x-payload', claimHeaders: [{ header: 'x-user', claim: 'sub' }], fetchTimeout: '2s' }],
    });
    expect(policy?.['spec']).toEqual({
      targetRefs: [{ group: '', kind: 'Service', name: 'orders' }],
      jwtRules: [{ issuer, audiences: ['shop'], jwks, fromHeaders: [{ name: 'x-token', prefix: 'Token ' }, { name: 'x-other' }], fromParams: ['t'], fromCookies: ['session'], spaceDelimitedClaims: ['roles'], forwardOriginalToken: true, outputPayloadToHeader: 'x-payload', outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }], timeout: '2s' }],
    });
  });

  it.each([
    ['a private key', '{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}]}', 'Holds a private or symmetric key: give the public keys alone, and consider the key in it known to others'],
    ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'Holds a private or symmetric key: give the public keys alone, and consider the key in it known to others'],
    ['a single key', '{"kty":"EC"}', 'Must be a JSON Web Key Set: {"keys":[…]} with at least one key'],
    ['no keys', '{"keys":[]}', 'Must be a JSON Web Key Set: {"keys":[…]} with at least one key'],
    ['no JSON', '-----BEGIN PUBLIC KEY-----', 'Must be a JSON Web Key Set: {"keys":[…]} with at least one key'],
  ])('refuses %s among the keys', (_what, jwks, message) => {
    expect(refused(jwtAuthentication, { target, issuers: [{ issuer, jwks }] })).toEqual([`issuers.0.jwks: ${message}`]);
  });

  it('refuses two sources of keys, an issuer twice, and ztunnel, which reads no tokens', () => {
    expect(refused(jwtAuthentication, { target, issuers: [{ issuer, jwksUri: 'https://a.example/', jwks: '{"keys":[{"kty":"RSA","n":"a","e":"AQAB"}]}' }] })).toEqual(['issuers.0.jwks: Give the keys or their address, not both']);
    expect(refused(jwtAuthentication, { target, issuers: [{ issuer }, { issuer, audiences: ['b'] }] })).toEqual(['issuers: Name each issuer once: of two entries with one issuer only one would be used']);
    expect(refused(jwtAuthentication, { target, dataplane: 'AMBIENT', issuers: [{ issuer }] })).toEqual(['target: ztunnel reads no tokens: attach the policy to a waypoint, with the target SERVICES, GATEWAYS or ALL_WAYPOINTS']);
    for (const jwksUri of ['http://{', 'https://a b', 'https://a.example/%zz']) expect(refused(jwtAuthentication, { target, issuers: [{ issuer, jwksUri }] }), jwksUri).toEqual(['issuers.0.jwksUri: Must be an http or https address']);
    for (const jwksUri of ['https://login.${var.domain}:8443/keys?tenant=a%20b', 'http://[fd00::1]/']) expect(refused(jwtAuthentication, { target, issuers: [{ issuer, jwksUri }] }), jwksUri).toEqual([]);
    expect(refused(jwtAuthentication, { target, issuers: [{ issuer, jwksUri: 'ldap://a' }] })).toEqual(['issuers.0.jwksUri: Must be an http or https address']);
  });
});

describe('access by claims', () => {
  it('lets in who has a verified token that says so, and opens what is named', () => {
    const [policy] = written(claimBasedAccess, {
      target,
      rules: [{ issuers: [issuer], claims: [{ claim: ['realm_access', 'roles'], values: ['admin'] }, { claim: ['groups'], exceptValues: ['guests'] }], ports: [8080], methods: ['GET'], paths: ['/orders/*'] }, {}],
      open: [{ paths: ['/healthz'] }],
    });
    expect(policy?.['spec']).toEqual({
      selector: { matchLabels: { app: 'orders' } },
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { requestPrincipals: ['https://login.example.com//*'] } }],
          to: [{ operation: { ports: ['8080'], methods: ['GET'], paths: ['/orders/*'] } }],
          when: [{ key: 'request.auth.claims[realm_access][roles]', values: ['admin'] }, { key: 'request.auth.claims[groups]', notValues: ['guests'] }],
        },
        { from: [{ source: { requestPrincipals: ['*'] } }] },
        { to: [{ operation: { paths: ['/healthz'] } }] },
      ],
    });
  });

  it('refuses claims without values, wildcards within issuers, and what opens everything', () => {
    expect(refused(claimBasedAccess, { target, rules: [{ claims: [{ claim: ['groups'] }] }] })).toEqual(['rules.0.claims.0: Name values or except values']);
    expect(refused(claimBasedAccess, { target, rules: [{ issuers: ['https://*.example.com'] }] })).toEqual(['rules.0.issuers: Write issuers in full, or "*" for all']);
    expect(refused(claimBasedAccess, { target, rules: [{}], open: [{}] })).toEqual(['open.0: Say what is open, or leave it out']);
    expect(refused(claimBasedAccess, { target, dataplane: 'AMBIENT', rules: [{}] })).toHaveLength(1);
  });
});
