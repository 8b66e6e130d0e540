import { renderPreset } from '@meshfleet/manifest';
import { describe, expect, it } from 'vitest';
import { istioPresets } from '../presets/index.ts';
import { analyze } from './analyze.ts';
import { brief } from './from-yaml.fixture.ts';
import { analysisInputOf, withChanges } from './input/analysis-input.ts';

/** About what the cluster lacks (services, gateways, workloads), not about what the preset wrote. */
const ABOUT_THE_CLUSTER = ['IST0101', 'IST0127', 'IST0132', 'MF0012'];

describe('the example of every preset', () => {
  it.each(istioPresets.map((preset) => [preset.name, preset] as const))('%s gives the analysis nothing to say in an empty cluster but what is missing there', (_name, preset) => {
    const rendered = renderPreset(preset, preset.example);
    if ('problems' in rendered) expect.unreachable();
    const after = withChanges(analysisInputOf([], { meshConfig: {}, now: Date.parse('2026-11-25T12:00:00Z') }), { upsert: rendered.objects.map((object) => ({ object, policy: preset.name })) });
    expect(brief(analyze(after).filter(({ code }) => !ABOUT_THE_CLUSTER.includes(code)))).toEqual([]);
  });
});
