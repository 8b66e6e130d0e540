import type { Preset } from '@meshfleet/manifest';
import { strictMutualTls } from './security/strict-mutual-tls.ts';

/** The presets for Istio meshes, those in the Gateway API's kinds included. */
export const istioPresets: readonly Preset[] = [
  strictMutualTls,
];
