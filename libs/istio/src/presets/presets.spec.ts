import { checkManifests, formatManifests, managedGroups, parseManifests, presetSchema, renderPreset } from '@meshfleet/manifest';
import type { CheckResult, Preset } from '@meshfleet/manifest';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istioCatalogue } from '../catalogue.ts';
import { ISTIO_MANAGED_GROUPS } from '../managed-groups.ts';
import { istioPresets } from './index.ts';
import { arbitraryParameters } from './parameters-arbitrary.fixture.ts';

/** What the hub says of the text that it keeps of a preset. */
function check(objects: readonly KubeObject[], { needs }: Preset): CheckResult {
  const { documents, problems } = parseManifests(formatManifests(objects));
  expect(problems).toEqual([]);
  return checkManifests(documents, istioCatalogue(needs === undefined ? 'standard' : 'experimental'), { manages: managedGroups(...ISTIO_MANAGED_GROUPS) });
}

/** Every field of a JSON schema, with its path. */
function* fieldsOf(node: unknown, path = ''): Generator<[path: string, field: Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, child] of Object.entries(node)) {
    if (key === 'properties') for (const [name, field] of Object.entries(child as Record<string, Record<string, unknown>>)) yield [`${path}.${name}`, field];
    yield* fieldsOf(child, `${path}.${key}`);
  }
}

describe('the presets for Istio', () => {
  it('have names of their own, in kebab case', () => {
    const names = istioPresets.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  describe.each(istioPresets.map((preset) => [preset.name, preset] as const))('%s', (_name, preset) => {
    it('tells of itself in sentences, and of every parameter', () => {
      expect([preset.description, ...preset.notes].filter((sentence) => !/^\S[^]*[.:]$/.test(sentence))).toEqual([]);
      const untold = [...fieldsOf(presetSchema(preset))].filter(([, field]) => typeof field['title'] !== 'string' || typeof field['description'] !== 'string').map(([path]) => path);
      expect(untold).toEqual([]);
    });

    it('has an example that every cluster takes, without a warning', () => {
      const rendered = renderPreset(preset, preset.example);
      if ('problems' in rendered) expect.unreachable(JSON.stringify(rendered.problems));
      expect(rendered.objects.length).toBeGreaterThan(0);
      const { problems, warnings, objects } = check(rendered.objects, preset);
      expect([...problems, ...warnings]).toEqual([]);
      expect(objects.map(({ object }) => object)).toEqual(rendered.objects);
    });

    it('renders the same for the parameters that it says it has taken', () => {
      const rendered = renderPreset(preset, preset.example);
      expect('parameters' in rendered && renderPreset(preset, rendered.parameters)).toEqual(rendered);
    });

    it('refuses unknown parameters', () => {
      expect(renderPreset(preset, { ...preset.example, colour: 'red' })).toHaveProperty('problems');
    });

    it('writes what clusters take for whatever parameters it accepts', () => {
      fc.assert(
        fc.property(arbitraryParameters(preset.parameters), (parameters) => {
          const rendered = renderPreset(preset, parameters);
          fc.pre(!('problems' in rendered));
          const { problems, warnings } = check(rendered.objects, preset);
          expect([...problems, ...warnings].map(({ code, summary }) => `${code}: ${summary}`)).toEqual([]);
          const keys = rendered.objects.map((object) => formatObjectKey(objectKeyOf(object)));
          expect(new Set(keys).size).toBe(keys.length);
        }),
        { numRuns: 30, maxSkipsPerRun: 300, seed: 5 },
      );
    });
  });
});
