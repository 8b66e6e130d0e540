import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePreset } from './preset.ts';
import { presetSchema, renderPreset } from './render-preset.ts';

const preset = definePreset({
  name: 'greeting',
  title: 'Greeting',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Says hello.',
  notes: [],
  parameters: z.strictObject({
    name: z.string().min(1).meta({ title: 'Name', description: 'Whom to greet' }),
    times: z.int().min(1).default(2),
  }),
  example: { name: 'world' },
  render: ({ name, times }) => [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data: { times: String(times) } }],
});

describe('a preset', () => {
  it('renders with its defaults, and says what they were', () => {
    expect(renderPreset(preset, { name: 'world' })).toEqual({
      objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'world', namespace: 'shop' }, data: { times: '2' } }],
      parameters: { name: 'world', times: 2 },
    });
  });

  it('names each parameter that is wrong, missing or unknown', () => {
    const rendered = renderPreset(preset, { times: 0, colour: 'red' });
    expect('problems' in rendered && rendered.problems.map(({ path, message }) => [path.join('.'), message.length > 0])).toEqual([
      ['name', true],
      ['times', true],
      ['colour', true],
    ]);
  });

  it('has a JSON schema of what may be given', () => {
    expect(presetSchema(preset)).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: { name: { type: 'string', title: 'Name', description: 'Whom to greet' }, times: { type: 'integer', default: 2 } },
    });
  });
});
