import { definePreset, presetSchema } from '@meshfleet/manifest';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { parameterRows } from './parameter-rows.ts';

const told = { title: 'T', description: 'D' };
const preset = definePreset({
  name: 'rows',
  title: 'Rows',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Rows.',
  notes: [],
  parameters: z.strictObject({
    name: z.string().meta(told),
    count: z.int().min(1).default(3).meta(told),
    mode: z.enum(['A', 'B']).optional().meta(told),
    ports: z.array(z.strictObject({ port: z.int().meta(told) })).default([]).meta(told),
    labels: z.record(z.string(), z.string()).optional().meta(told),
    target: z.discriminatedUnion('scope', [z.strictObject({ scope: z.literal('X').meta(told), of: z.string().meta(told) }), z.strictObject({ scope: z.literal('Y').meta(told) })]).meta(told),
  }),
  example: { name: 'a', target: { scope: 'Y' } },
  render: () => [],
});

it('every field of the parameters is a row: path, type, need or default; alternatives begin with the word that chooses them', () => {
  expect(parameterRows(presetSchema(preset)).map(({ path, type, required, default: given }) => [path, type, required ? 'required' : (given ?? '')])).toEqual([
    ['name', 'string', 'required'],
    ['count', 'integer, at least 1', '3'],
    ['mode', '`A`, `B`', ''],
    ['ports', 'list of objects', '[]'],
    ['ports[].port', 'integer', 'required'],
    ['labels', 'map', ''],
    ['target', 'object', 'required'],
    ['target.scope', '`X`', 'required'],
    ['target.of', 'string', 'required'],
    ['target.scope', '`Y`', 'required'],
  ]);
});
