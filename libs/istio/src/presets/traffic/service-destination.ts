import type { JsonObject, KubeObject } from '@meshfleet/model';

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Subsets of a host, and nothing else: istiod joins the rules of one host as long as only one has a traffic policy, so that
 * a canary and a circuit breaker stand beside each other.
 */
export function subsetRule(namespace: string, host: string, subsets: readonly Subset[]): KubeObject {
  return destinationRule(namespace, `${host}-subsets`, { host, subsets: subsets.map(({ name, labels }) => ({ name, labels })) });
}

/** The one traffic policy of a host, named after it for the same reason as its VirtualService. */
export function trafficRule(namespace: string, host: string, trafficPolicy: JsonObject): KubeObject {
  return destinationRule(namespace, host, { host, trafficPolicy });
}

function destinationRule(namespace: string, name: string, spec: JsonObject): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name, namespace }, spec };
}

/** For the notes of presets whose object it is. */
export const ONE_ROUTE_PER_HOST =
  'A host has one VirtualService: istiod takes the oldest and drops the others without a word. This preset names it after the host, so that a second policy for the same host is refused; timeouts and retries go into this one.';
export const ONE_POLICY_PER_HOST =
  'A host has one traffic policy: of several DestinationRules istiod keeps that of the oldest. This preset names its rule after the host, so that a second policy is refused; presets that only add subsets (canary, blue-green, A/B) stand beside it.';
