import { closestWord, formatManifests, renderPreset } from '@meshfleet/manifest';
import type { ErrorEnvelope, JsonObject } from '@meshfleet/model';
import { findPreset, presets } from './preset-registry.ts';

/** What a preset writes: YAML that needs no preset to be understood, and all parameters with their defaults. */
export type PresetManifests = { readonly manifests: string; readonly parameters: JsonObject } | { readonly problems: readonly ErrorEnvelope[] };

const MOST_MEANT = 3;

/** Renders a preset; `field` is where in the input its name and parameters are. */
export function renderPresetManifests(name: string, parameters: unknown, field: readonly string[]): PresetManifests {
  const preset = findPreset(name);
  if (preset === undefined) {
    const meant = likeNamed(name, presets.map((one) => one.name));
    const fix = `${meant.length === 0 ? '' : `Did you mean ${meant.join(' or ')}? `}The query \`presets\` lists them all.`;
    return { problems: [{ code: 'NOT_FOUND', summary: `There is no preset ${name}`, why: `none of the ${presets.length} has that name`, fix, where: { field: [...field, 'name'] } }] };
  }
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) {
    return { problems: rendered.problems.map(({ path, message, ...rest }) => ({ code: 'INVALID_INPUT', summary: message, why: 'the preset is written from them', ...rest, where: { field: [...field, 'parameters', ...path] } })) };
  }
  return { manifests: formatManifests(rendered.objects), parameters: rendered.parameters };
}

/** The one that is misspelt, or those that share most words with it. */
function likeNamed(name: string, names: readonly string[]): readonly string[] {
  const near = closestWord(name, names);
  if (near !== undefined) return [near];
  const words = new Set(name.toLowerCase().split(/[^a-z0-9]+/));
  const shared = names.map((one) => ({ one, count: one.split('-').filter((word) => word.length > 2 && words.has(word)).length }));
  const most = Math.max(...shared.map(({ count }) => count));
  return most === 0 ? [] : shared.filter(({ count }) => count === most).slice(0, MOST_MEANT).map(({ one }) => one);
}
