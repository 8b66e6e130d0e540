import type { Preset } from '@meshfleet/manifest';
import { gatewayPresets } from './gateway/index.ts';
import { observabilityPresets } from './observability/index.ts';
import { resiliencePresets } from './resilience/index.ts';
import { securityPresets } from './security/index.ts';
import { trafficPresets } from './traffic/index.ts';
import { tuningPresets } from './tuning/index.ts';

/** The presets for Istio meshes, those in the Gateway API's kinds included. */
export const istioPresets: readonly Preset[] = [...securityPresets, ...trafficPresets, ...resiliencePresets, ...gatewayPresets, ...observabilityPresets, ...tuningPresets];
