import { istioCatalogue } from '@meshfleet/istio';
import { LINKERD_MANAGED_GROUPS, linkerdCatalogue, linkerdPresets } from '@meshfleet/linkerd';
import { checkManifests, formatManifests, managedGroups, mergeCatalogues, parseManifests, renderPreset } from '@meshfleet/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryParameters } from '../../../libs/istio/src/presets/parameters-arbitrary.fixture.ts';

const CATALOGUE = mergeCatalogues(istioCatalogue(), linkerdCatalogue());

describe.each(linkerdPresets.map((preset) => [preset.name, preset] as const))('%s', (_name, preset) => {
  it('writes what clusters take for whatever parameters it accepts', () => {
    let tried = 0;
    fc.assert(
      fc.property(arbitraryParameters(preset.parameters), (parameters) => {
        const rendered = renderPreset(preset, parameters);
        if ('problems' in rendered) return;
        tried += 1;
        const { documents, problems } = parseManifests(formatManifests(rendered.objects));
        const checked = checkManifests(documents, CATALOGUE, { manages: managedGroups(...LINKERD_MANAGED_GROUPS) });
        expect([...problems, ...checked.problems, ...checked.warnings].map(({ summary }) => summary)).toEqual([]);
      }),
      { numRuns: 100, seed: 5 },
    );
    expect(tried).toBeGreaterThan(5);
  });
});
