import { defineRule } from '../../engine/rule.ts';
import type { Problem } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { at, text } from '../../read-value.ts';
import { destinationRuleOf } from '../../views/destination-rule.ts';

const WHY = 'Istio encrypts the connection and asks nobody who is at the other end: whoever sits between can answer in place of the server.';
const FIX = 'Set caCertificates to the roots that the server is signed by (system for those of the proxy’s machine), or credentialName.';

/** DestinationRules that make TLS connections without checking the server. */
export const serverNotVerified = defineRule({
  code: 'IST0128',
  name: 'NoServerCertificateVerificationDestinationLevel',
  severity: 'WARNING',
  title: 'TLS to a server that is not verified',
  why: WHY,
  fix: FIX,
  example: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api, namespace: shop}
spec: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}
`,
  on: [KIND.DestinationRule],
  reads: {},
  evaluate: (subject) => unverified(subject, (path) => path === 'spec.trafficPolicy'),
});

/** The same for single ports. */
export const portServerNotVerified = defineRule({
  code: 'IST0129',
  name: 'NoServerCertificateVerificationPortLevel',
  severity: 'WARNING',
  title: 'TLS of one port to a server that is not verified',
  why: WHY,
  fix: FIX,
  example: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api, namespace: shop}
spec: {host: api.example.com, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k}}]}}
`,
  on: [KIND.DestinationRule],
  reads: {},
  evaluate: (subject) => unverified(subject, (path) => path.startsWith('spec.trafficPolicy.portLevelSettings[')),
});

function* unverified(subject: Resource, judges: (path: string) => boolean): Generator<Problem> {
  const { policies, host, workloadSelector } = destinationRuleOf(subject);
  for (const { path, body } of policies) {
    if (!judges(path)) continue;
    const mode = text(at(body, 'tls', 'mode'));
    if (mode !== 'SIMPLE' && mode !== 'MUTUAL') continue;
    if ((text(at(body, 'tls', 'caCertificates')) ?? '') !== '') continue;
    if ((text(at(body, 'tls', 'credentialName')) ?? '') !== '' && Object.keys(workloadSelector).length > 0) continue;
    yield { path: `${path}.tls`, message: `${host} is called with ${mode} TLS, and nothing says which certificates to accept` };
  }
}
