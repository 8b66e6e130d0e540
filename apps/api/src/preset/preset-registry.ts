import { istioPresets } from '@meshfleet/istio';
import { linkerdPresets } from '@meshfleet/linkerd';
import type { Preset } from '@meshfleet/manifest';

/** Every preset that there is, by name, sorted: each library brings its own. */
export const presets: readonly Preset[] = [...istioPresets, ...linkerdPresets].sort((a, b) => (a.name < b.name ? -1 : 1));

const byName = new Map(presets.map((preset) => [preset.name, preset]));

export function findPreset(name: string): Preset | undefined {
  return byName.get(name);
}
