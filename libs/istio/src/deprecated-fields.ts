import type { DeprecatedField } from '@meshfleet/manifest';

const NETWORKING = 'networking.istio.io';

/** The traffic policies of a DestinationRule: its own, each subset's, and those of single ports. */
const POLICIES = [
  'spec.trafficPolicy',
  'spec.trafficPolicy.portLevelSettings[]',
  'spec.subsets[].trafficPolicy',
  'spec.subsets[].trafficPolicy.portLevelSettings[]',
];

function inPolicies(path: string, instead: string, why: string): DeprecatedField[] {
  return POLICIES.map((policy) => ({ group: NETWORKING, kind: 'DestinationRule', path: `${policy}.${path}`, instead, why }));
}

/**
 * Fields that Istio's API marks as deprecated (istio.io/api v1.29, `[deprecated = true]` and the notes beside it)
 * and still serves. `path=value` is about one value of a field.
 */
export const ISTIO_DEPRECATED_FIELDS: readonly DeprecatedField[] = [
  ...inPolicies('outlierDetection.consecutiveErrors', 'consecutive5xxErrors (or consecutiveGatewayErrors)', 'Istio ignores it in favour of the fields that name the errors they count.'),
  ...inPolicies('loadBalancer.consistentHash.minimumRingSize', 'loadBalancer.consistentHash.ringHash.minimumRingSize', 'The ring has a message of its own now.'),
  ...inPolicies('loadBalancer.simple=LEAST_CONN', 'LEAST_REQUEST', 'LEAST_CONN is the old name of the same algorithm.'),
  ...inPolicies('loadBalancer.warmupDurationSecs', 'loadBalancer.warmup.duration', 'Warm-up has more settings than its duration now.'),
  { group: NETWORKING, kind: 'VirtualService', path: 'spec.http[].mirrorPercent', instead: 'mirrorPercentage', why: 'The old field takes whole numbers only.' },
  { group: NETWORKING, kind: 'VirtualService', path: 'spec.http[].mirror_percent', instead: 'mirrorPercentage', why: 'The old field takes whole numbers only.' },
  { group: NETWORKING, kind: 'VirtualService', path: 'spec.http[].corsPolicy.allowOrigin', instead: 'corsPolicy.allowOrigins', why: 'The old field matches exact strings only.' },
  { group: NETWORKING, kind: 'VirtualService', path: 'spec.http[].fault.delay.percent', instead: 'fault.delay.percentage', why: 'The old field takes whole numbers only.' },
  { group: NETWORKING, kind: 'Gateway', path: 'spec.servers[].port.targetPort', instead: 'the targetPort of the gateway’s Service', why: 'Istio ignores it.' },
  { group: NETWORKING, kind: 'Sidecar', path: 'spec.ingress[].port.targetPort', instead: 'defaultEndpoint', why: 'Istio ignores it.' },
  { group: NETWORKING, kind: 'Sidecar', path: 'spec.egress[].port.targetPort', instead: 'nothing', why: 'Istio ignores it.' },
  { group: 'security.istio.io', kind: 'RequestAuthentication', path: 'spec.jwtRules[].jwks_uri', instead: 'jwksUri', why: 'It is the same field under its old spelling.' },
];
