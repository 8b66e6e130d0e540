import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { describeProblem, type ParameterProblem } from './describe-problem.ts';
import type { Preset } from './preset.ts';

export type RenderedPreset =
  | { readonly objects: readonly KubeObject[]; readonly parameters: JsonObject }
  | { readonly problems: readonly ParameterProblem[] };

/** Renders a preset; `parameters` in the answer are those given with all defaults filled in. */
export function renderPreset(preset: Preset, parameters: unknown): RenderedPreset {
  const parsed = preset.parameters.safeParse(parameters ?? {});
  if (!parsed.success) {
    const about = { given: parameters ?? {}, schema: presetSchema(preset), example: preset.example };
    return { problems: parsed.error.issues.flatMap((issue) => describeProblem(issue, about)) };
  }
  // Schemas of presets hold what JSON can say.
  return { objects: preset.render(parsed.data), parameters: parsed.data as JsonObject };
}

/** JSON Schema (2020-12) of the parameters as they are given: what has a default is not required. */
export function presetSchema(preset: Preset): JsonObject {
  // What JSON.parse gives is JSON.
  return JSON.parse(JSON.stringify(z.toJSONSchema(preset.parameters, { io: 'input' }))) as JsonObject;
}
