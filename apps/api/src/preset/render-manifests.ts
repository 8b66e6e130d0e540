import { closestWord, formatManifests, renderPreset } from '@meshfleet/manifest';
import type { ErrorEnvelope, JsonObject } from '@meshfleet/model';
import { findPreset, presets } from './preset-registry.ts';

/** What a preset writes: YAML that needs no preset to be understood, and all parameters with their defaults. */
export type PresetManifests = { readonly manifests: string; readonly parameters: JsonObject } | { readonly problems: readonly ErrorEnvelope[] };

/** Renders a preset; `field` is where in the input its name and parameters are. */
export function renderPresetManifests(name: string, parameters: unknown, field: readonly string[]): PresetManifests {
  const preset = findPreset(name);
  if (preset === undefined) {
    const names = presets.map((one) => one.name);
    const meant = closestWord(name, names);
    const fix = meant === undefined ? `The presets are ${names.join(', ')}.` : `Did you mean ${meant}? The query \`presets\` lists them all.`;
    return { problems: [{ code: 'NOT_FOUND', summary: `There is no preset ${name}`, fix, where: { field: [...field, 'name'] } }] };
  }
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) {
    return { problems: rendered.problems.map(({ path, message, ...rest }) => ({ code: 'INVALID_INPUT', summary: message, ...rest, where: { field: [...field, 'parameters', ...path] } })) };
  }
  return { manifests: formatManifests(rendered.objects), parameters: rendered.parameters };
}
