import { describe, expect, it } from 'vitest';
import { renderPresetManifests } from './render-manifests.ts';

const fixOf = (name: string): string | undefined => {
  const rendered = renderPresetManifests(name, {}, ['input', 'preset']);
  return 'problems' in rendered ? rendered.problems[0]?.fix : undefined;
};

describe('a preset that there is not', () => {
  it.each([
    ['weigthed-canary', 'Did you mean weighted-canary? The query `presets` lists them all.'],
    ['strict-mtls', 'Did you mean strict-mutual-tls? The query `presets` lists them all.'],
    ['telemetry', 'Did you mean mesh-telemetry? The query `presets` lists them all.'],
    ['xyzzy', 'The query `presets` lists them all.'],
  ])('%s is told with what may be meant', (name, fix) => {
    expect(fixOf(name)).toBe(fix);
  });
});
