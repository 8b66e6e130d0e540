import { customResourceDefinitionOf, decodeFacts } from '@meshfleet/manifest';
import type { FactsFile, KindFacts } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import experimental from './generated/gateway-api-experimental.json' with { type: 'json' };
import standard from './generated/gateway-api-standard.json' with { type: 'json' };
import istio from './generated/istio.json' with { type: 'json' };
import sail from './generated/sail.json' with { type: 'json' };

/** The Gateway API's release channels: `experimental` holds every kind and field of `standard`, and more. */
export type GatewayApiChannel = 'standard' | 'experimental';

const decoded = new Map<unknown, readonly KindFacts[]>();

function facts(file: unknown): readonly KindFacts[] {
  const known = decoded.get(file);
  if (known !== undefined) return known;
  // Our own generator made the file, and a test decodes every kind of it.
  const kinds = decodeFacts(file as FactsFile);
  decoded.set(file, kinds);
  return kinds;
}

/** Istio's kinds: networking, security, telemetry and extensions. */
export function istioKinds(): readonly KindFacts[] {
  return facts(istio);
}

/** Kinds of the Gateway API, of its standard or its experimental channel. */
export function gatewayApiKinds(channel: GatewayApiChannel = 'standard'): readonly KindFacts[] {
  return facts(channel === 'standard' ? standard : experimental);
}

/** Sail Operator's kinds, which install Istio itself. */
export function sailKinds(): readonly KindFacts[] {
  return facts(sail);
}

/** The definitions that make a cluster serve Istio's kinds. */
export function istioCustomResourceDefinitions(): KubeObject[] {
  return istioKinds().map(customResourceDefinitionOf);
}

/** The definitions that make a cluster serve the Gateway API. */
export function gatewayApiCustomResourceDefinitions(channel: GatewayApiChannel = 'standard'): KubeObject[] {
  return gatewayApiKinds(channel).map(customResourceDefinitionOf);
}

/** The definitions that make a cluster serve Sail Operator's kinds. */
export function sailCustomResourceDefinitions(): KubeObject[] {
  return sailKinds().map(customResourceDefinitionOf);
}
