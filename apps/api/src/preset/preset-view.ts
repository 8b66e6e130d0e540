import { presetSchema, type Preset } from '@meshfleet/manifest';

/** A preset as GraphQL's type Preset. */
export function presetView(preset: Preset) {
  const { name, title, category, flavour, description, notes, example } = preset;
  return { name, title, category, flavour, description, notes, parameterSchema: presetSchema(preset), example };
}
