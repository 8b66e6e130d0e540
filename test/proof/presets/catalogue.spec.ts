import { ISTIO_VERSIONS } from '@meshfleet/cluster-real';
import { istioPresets } from '@meshfleet/istio';
import { linkerdPresets } from '@meshfleet/linkerd';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readProofRows, readUnproved } from '../../../docs/generate/proof-rows.ts';
import { PROVED } from './catalogue.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs', 'presets');
const presets = [...istioPresets, ...linkerdPresets].map(({ name }) => name).sort();
const unproved = readUnproved(join(DOCS, 'unproved.json'));

it('every preset is shown by traffic, or stands with its reason among those that cannot be', () => {
  expect([...PROVED, ...unproved.keys()].sort()).toEqual(presets);
});

it('what was seen of every shown preset is in its documentation', () => {
  const newest = Object.values(ISTIO_VERSIONS).sort().at(-1);
  const recorded = new Set(readProofRows(join(DOCS, 'proof.json')).filter(({ istiod }) => istiod === newest).map(({ preset }) => preset));
  expect([...recorded].sort()).toEqual([...PROVED].sort());
});

it('the documentation of a preset that cannot be shown says why', () => {
  const pages = ['security', 'gateway', 'traffic', 'resilience', 'observability', 'tuning'].map((name) => readFileSync(join(DOCS, `${name}.md`), 'utf8')).join('\n');
  for (const reason of new Set(unproved.values())) expect(pages).toContain(`### Not seen in real traffic\n\n${reason}`);
});
