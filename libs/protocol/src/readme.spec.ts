import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyDelta } from './desired-state-delta.ts';
import { desiredStateDeltaSchema } from './desired-state-schema.ts';
import { digestOf } from './desired-state.ts';
import { desiredEventSchema } from './hub-messages.ts';
import { reportSchema } from './messages.ts';

const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

function example(name: string): unknown {
  const block = new RegExp(`\`\`\`json ${name}\\n([^]*?)\`\`\``).exec(text)?.[1];
  return JSON.parse(block ?? '"no such example"');
}

describe('the examples of the README', () => {
  const delta = desiredStateDeltaSchema.parse(example('delta'));

  it('are what the schemas take', () => {
    expect(desiredEventSchema.parse(example('desired'))).toEqual(example('desired'));
    expect(reportSchema.parse(example('report'))).toEqual(example('report'));
  });

  it('hold contents and a digest that an agent would believe', () => {
    expect(digestOf(applyDelta(undefined, delta))).toBe(delta.digest);
  });

  it('speak of one and the same revision', () => {
    const { epoch, revision, digest } = delta;
    expect(example('desired')).toMatchObject({ epoch, revision, digest });
    expect(example('report')).toMatchObject({ epoch, revision, digest });
  });
});
