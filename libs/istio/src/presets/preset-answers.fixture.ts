import { renderPreset } from '@meshfleet/manifest';
import type { Preset } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { expect } from 'vitest';

/** What a preset writes. */
export function written(preset: Preset, parameters: unknown): readonly KubeObject[] {
  const rendered = renderPreset(preset, parameters);
  if ('problems' in rendered) expect.unreachable(JSON.stringify(rendered.problems));
  return rendered.objects;
}

/** What a preset says against parameters: `path: message`. */
export function refused(preset: Preset, parameters: unknown): string[] {
  const rendered = renderPreset(preset, parameters);
  return 'problems' in rendered ? rendered.problems.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
}
