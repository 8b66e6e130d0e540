import type { PresetCategory, PresetFlavour } from '@meshfleet/manifest';
import { Query, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import { userErrorOf } from '../graphql/user-error.ts';
import { findPreset, presets } from './preset-registry.ts';
import { presetView } from './preset-view.ts';
import { renderPresetManifests } from './render-manifests.ts';

/** What presets there are, and what they would write. Nothing of it belongs to an organization; whoever asks is signed in. */
@Resolver('Preset')
export class PresetResolver {
  @Query()
  presets(_root: unknown, { category, flavour }: { category?: PresetCategory | null; flavour?: PresetFlavour | null }) {
    return presets.filter((preset) => (category ?? preset.category) === preset.category && (flavour ?? preset.flavour) === preset.flavour).map(presetView);
  }

  @Query()
  preset(_root: unknown, { name }: { name: string }) {
    const preset = findPreset(name);
    return preset === undefined ? null : presetView(preset);
  }

  @Query()
  async presetRender(_root: unknown, { name, parameters }: { name: string; parameters?: unknown }, { scope }: GraphqlContext) {
    await scope.access();
    const rendered = renderPresetManifests(name, parameters ?? {}, []);
    if ('problems' in rendered) return { manifests: null, parameters: null, userErrors: rendered.problems.map(userErrorOf) };
    return { ...rendered, userErrors: [] };
  }
}
