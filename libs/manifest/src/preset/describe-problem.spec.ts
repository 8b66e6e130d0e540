import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePreset } from './preset.ts';
import { dnsLabelField } from './parameter-fields.ts';
import { renderPreset } from './render-preset.ts';

const target = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('MESH').meta({ title: 'Mesh', description: 'All of it.' }) }),
  z.strictObject({ scope: z.literal('WORKLOADS'), labels: z.record(z.string().regex(/^[a-z]+$/, 'Must be lower case'), z.string()).meta({ title: 'Labels', description: 'Labels of the pods.' }) }),
]);
const preset = definePreset({
  name: 'greeting',
  title: 'Greeting',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Writes nothing.',
  notes: [],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Where the greeted live.' }),
      target: target.meta({ title: 'Target', description: 'Whom to greet.' }),
      subsets: z.array(z.strictObject({ weight: z.int().max(100) })).min(1).optional(),
      mode: z.enum(['LOUD', 'QUIET']).optional(),
      until: z.iso.datetime().optional(),
    })
    .refine(({ subsets }) => (subsets ?? []).reduce((sum, { weight }) => sum + weight, 0) <= 100, { message: 'The weights sum to more than 100', path: ['subsets'] }),
  example: { namespace: 'shop', target: { scope: 'MESH' } },
  render: () => [],
});

function problems(parameters: unknown): string[] {
  const rendered = renderPreset(preset, parameters);
  return 'problems' in rendered ? rendered.problems.map(({ path, message, why, fix }) => [path.join('.'), message, why ?? '-', fix].join(' | ')) : [];
}

const good = { namespace: 'shop', target: { scope: 'MESH' } };

describe('a parameter that is refused', () => {
  it.each<[string, unknown, string[]]>([
    ['is missing', { target: good.target }, ['namespace | namespace is missing | Where the greeted live. | Give a text, as in "shop".']],
    ['is unknown and like a known one', { ...good, targt: 1 }, ['targt | There is no parameter targt | Nobody would read it, and what it says would not come to be. | Did you mean target?']],
    ['is unknown', { ...good, colour: 1 }, ['colour | There is no parameter colour | Nobody would read it, and what it says would not come to be. | What there is here: namespace, target, subsets, mode, until.']],
    [
      'is unknown to the alternative that is meant',
      { ...good, target: { scope: 'WORKLOADS', labels: { app: 'a' }, lables: {} } },
      ['target.lables | There is no parameter target.lables | Nobody would read it, and what it says would not come to be. | Did you mean labels?'],
    ],
    ['is of another type', { ...good, subsets: [{ weight: 'ten' }] }, ['subsets.0.weight | subsets[0].weight cannot be "ten" | - | Give a number.']],
    ['is no whole number', { ...good, subsets: [{ weight: 0.5 }] }, ['subsets.0.weight | subsets[0].weight cannot be 0.5 | - | Give a whole number.']],
    ['is none of the values', { ...good, mode: 'LOUT' }, ['mode | mode cannot be "LOUT" | - | Did you mean LOUD? It is one of LOUD, QUIET.']],
    ['is none of the alternatives', { ...good, target: { scope: 'ALL' } }, ['target.scope | target.scope cannot be "ALL" | Whom to greet. | Give one of MESH, WORKLOADS.']],
    ['says not which alternative', { ...good, target: {} }, ['target.scope | target.scope is missing | Whom to greet. | Give one of MESH, WORKLOADS.']],
    ['does not look as it must', { ...good, namespace: 'Shop!' }, ['namespace | Must consist of lower case letters, digits and "-", as in "shop" | Where the greeted live. | Correct namespace, which is "Shop!".']],
    ['has a key that cannot be', { ...good, target: { scope: 'WORKLOADS', labels: { A: 'b' } } }, ['target.labels.A | target.labels.A cannot be a key | - | Must be lower case.']],
    ['is too large', { ...good, subsets: [{ weight: 101 }] }, ['subsets.0.weight | subsets[0].weight is more than there may be | - | Give at most 100.', 'subsets | The weights sum to more than 100 | - | Correct subsets.']],
    ['is too short a list', { ...good, subsets: [] }, ['subsets | subsets is less than there may be | - | Give at least 1 entries.']],
    ['is no date', { ...good, until: 'tomorrow' }, ['until | until cannot be "tomorrow" | - | Write date and time in UTC, as in 2026-12-01T18:00:00Z.']],
    ['is wrong beside others', { ...good, subsets: [{ weight: 60 }, { weight: 60 }] }, ['subsets | The weights sum to more than 100 | - | Correct subsets.']],
    ['stands for all', 'text', [' | the whole of the parameters cannot be "text" | - | Give an object, as in {"namespace":"shop","target":{"scope":"MESH"}}.']],
  ])('because it %s says so, and what to do', (_what, parameters, expected) => {
    expect(problems(parameters)).toEqual(expected);
  });

  it('is shown cut when it is long', () => {
    expect(problems({ ...good, namespace: `A${'b'.repeat(300)}` })[0]).toMatch(/which is "Ab{78}…\.$/);
  });
});
