import { createCatalogue } from '@meshfleet/manifest';
import type { KindCatalogue } from '@meshfleet/manifest';
import { ISTIO_DEPRECATED_FIELDS } from './deprecated-fields.ts';
import { gatewayApiKinds, istioKinds, sailKinds } from './kinds.ts';
import type { GatewayApiChannel } from './kinds.ts';

const catalogues = new Map<GatewayApiChannel, KindCatalogue>();

/**
 * Istio's kinds, the Gateway API's and Sail Operator's. Kinds of the Gateway API that only its experimental channel
 * has (TCPRoute, TLSRoute, ...) are always known; of the others the channel decides which fields are.
 */
export function istioCatalogue(channel: GatewayApiChannel = 'standard'): KindCatalogue {
  const known = catalogues.get(channel);
  if (known !== undefined) return known;
  const chosen = gatewayApiKinds(channel);
  const names = new Set(chosen.map((kind) => `${kind.group}/${kind.kind}`));
  const others = gatewayApiKinds('experimental').filter((kind) => !names.has(`${kind.group}/${kind.kind}`));
  const catalogue = createCatalogue([...istioKinds(), ...chosen, ...others, ...sailKinds()], ISTIO_DEPRECATED_FIELDS);
  catalogues.set(channel, catalogue);
  return catalogue;
}
