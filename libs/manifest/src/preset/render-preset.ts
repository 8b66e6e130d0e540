import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import type { Preset } from './preset.ts';

/** What is wrong with one parameter. */
export interface ParameterProblem {
  /** Path within the parameters: `["routes", "0", "weight"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

export type RenderedPreset =
  | { readonly objects: readonly KubeObject[]; readonly parameters: JsonObject }
  | { readonly problems: readonly ParameterProblem[] };

/** Renders a preset; `parameters` in the answer are those given with all defaults filled in. */
export function renderPreset(preset: Preset, parameters: unknown): RenderedPreset {
  const parsed = preset.parameters.safeParse(parameters ?? {});
  if (!parsed.success) {
    return { problems: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })) };
  }
  // Schemas of presets hold what JSON can say.
  return { objects: preset.render(parsed.data), parameters: parsed.data as JsonObject };
}

/** JSON Schema (2020-12) of the parameters as they are given: what has a default is not required. */
export function presetSchema(preset: Preset): JsonObject {
  // What JSON.parse gives is JSON.
  return JSON.parse(JSON.stringify(z.toJSONSchema(preset.parameters, { io: 'input' }))) as JsonObject;
}
