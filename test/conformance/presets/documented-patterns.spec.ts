import { istioPresets } from '@meshfleet/istio';
import { linkerdPresets } from '@meshfleet/linkerd';
import { renderPreset } from '@meshfleet/manifest';
import { describe, expect, it } from 'vitest';
import { compareWithPattern } from './compare-with-pattern.ts';
import { documentedPatterns, UNDOCUMENTED } from './documented-patterns.ts';

const presets = [...istioPresets, ...linkerdPresets];
const isSentence = (text: string): boolean => /^\S[^]{20,}[.]$/.test(text);

describe('presets beside the patterns of the documentation', () => {
  it.each(documentedPatterns.map((pattern) => [pattern.preset, pattern.page, pattern] as const))('%s writes what %s gives, but for reasons', (name, _page, pattern) => {
    const preset = presets.find((one) => one.name === name);
    if (preset === undefined) expect.unreachable(`There is no preset ${name}`);
    const rendered = renderPreset(preset, pattern.parameters);
    if ('problems' in rendered) expect.unreachable(JSON.stringify(rendered.problems));
    expect(compareWithPattern(rendered.objects, pattern)).toEqual({ unexplained: [], stale: [] });
  });

  it('have a pattern each, or a reason why there is none, and not both', () => {
    const documented = new Set(documentedPatterns.map(({ preset }) => preset));
    expect(presets.map(({ name }) => name).filter((name) => documented.has(name) === name in UNDOCUMENTED)).toEqual([]);
    expect(Object.keys(UNDOCUMENTED).filter((name) => !presets.some((preset) => preset.name === name))).toEqual([]);
  });

  it('give reasons in sentences, and pages of the projects themselves', () => {
    const reasons = [...documentedPatterns.flatMap(({ differences = {} }) => Object.values(differences)), ...Object.values(UNDOCUMENTED)];
    expect(reasons.filter((reason) => !isSentence(reason))).toEqual([]);
    expect(documentedPatterns.map(({ page }) => page).filter((page) => !/^https:\/\/(istio\.io\/latest\/docs|gateway-api\.sigs\.k8s\.io|linkerd\.io\/2-edge)\/[a-z0-9/_-]+\/$/.test(page))).toEqual([]);
  });
});
