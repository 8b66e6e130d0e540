import type { KubeObject } from '@meshfleet/model';
import type { z } from 'zod';

export const PRESET_CATEGORIES = ['SECURITY', 'TRAFFIC', 'RESILIENCE', 'GATEWAY', 'OBSERVABILITY', 'TUNING'] as const;
export type PresetCategory = (typeof PRESET_CATEGORIES)[number];

/** Whose resources a preset writes. */
export const PRESET_FLAVOURS = ['ISTIO', 'LINKERD', 'GATEWAY_API'] as const;
export type PresetFlavour = (typeof PRESET_FLAVOURS)[number];

/** What not every cluster that serves the kinds has: a field that came later or is in another channel. */
export type PresetNeed = 'GATEWAY_API_RETRIES';

/**
 * A pure function from small typed parameters to native manifests. What it writes is all that it does: nobody need know
 * that a preset wrote it.
 */
export interface Preset<Parameters extends z.ZodObject = z.ZodObject> {
  /** Kebab case, unique over all flavours: `strict-mutual-tls`. */
  readonly name: string;
  readonly title: string;
  readonly category: PresetCategory;
  readonly flavour: PresetFlavour;
  /** Clusters whose schemas lack it refuse what the preset writes. */
  readonly needs?: PresetNeed;
  /** What it does, and when to use it: a few sentences. */
  readonly description: string;
  /** What a user must know before: what it does not do, what it needs, which version behaves differently. */
  readonly notes: readonly string[];
  /** Each field with `.meta({ title, description })`; forms are made from it. Strict: unknown fields are refused. */
  readonly parameters: Parameters;
  /** Parameters that show it at work; the documentation and the tests use them. */
  readonly example: z.input<Parameters>;
  readonly render: (parameters: z.output<Parameters>) => readonly KubeObject[];
}

/** Keeps the types of parameters, example and `render` in step; the answer forgets them, so that presets fit in one list. */
export function definePreset<Parameters extends z.ZodObject>(preset: Preset<Parameters>): Preset {
  // Only renderPreset calls `render`, with what this very schema has let through.
  return preset as unknown as Preset;
}
