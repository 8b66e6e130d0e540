import { WARNING_CODES } from '@meshfleet/model';
import { buildSchema, parse, validate } from 'graphql';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM_PATH } from './changes/event-stream.ts';
import { MAX_COST } from './limits/limits.ts';
import { queryCost } from './limits/query-cost.ts';
import { schemaText } from './schema-text.ts';
import { startTestApi, type TestApi } from './testing/test-api.ts';

const here = new URL('../', import.meta.url);
const text = readFileSync(new URL('README.md', here), 'utf8');

const schema = buildSchema(schemaText);
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('the README', () => {
  it('shows a mutation that works as it stands', async () => {
    const mutation = /```graphql\n([^]*?)```/.exec(text)?.[1] ?? '';
    const { token } = await api.organization('ada', 'acme');
    const { data, errors } = await api.query<{ policyApply: object }>(token, mutation);
    expect(errors).toEqual([]);
    expect(data.policyApply).toMatchObject({ changed: true, warnings: [{ message: expect.stringContaining('selects no cluster') as string }], userErrors: [], policy: { summary: { settled: false, pending: 0 } } });
  });

  it('names a path of the stream and files that exist', () => {
    expect(text).toContain(`POST ${STREAM_PATH}`);
    const named = [...text.matchAll(/`(src\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => !existsSync(new URL(path, here)))).toEqual([]);
  });
});

describe('the pages for users', () => {
  it('show a policy with variables and patches that is accepted', async () => {
    const [, mutation = ''] = /```graphql\n(mutation[^]*?)```/.exec(readFileSync(new URL('../../docs/policies.md', here), 'utf8')) ?? [];
    const { token } = await api.organization('grace', 'hopper');
    const { data, errors } = await api.query<{ policyApply: object }>(token, mutation);
    expect(errors).toEqual([]);
    expect(data.policyApply).toMatchObject({ changed: true, userErrors: [] });
  });

  it('name every code of a warning', () => {
    const [, section = ''] = /## What is warned of\n([^]*?)\n## /.exec(readFileSync(new URL('../../docs/policies.md', here), 'utf8')) ?? [];
    expect([...section.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code).sort()).toEqual([...WARNING_CODES].sort());
  });

  it.each(['README.md', 'docs/policies.md', 'docs/rollouts.md', 'docs/presets/README.md'])('%s shows queries that the schema takes', (page) => {
    const blocks = [...readFileSync(new URL(`../../${page}`, here), 'utf8').matchAll(/```graphql\n([^]*?)```/g)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      expect(validate(schema, parse(block)), block).toEqual([]);
      expect(queryCost(parse(block), {}), block).toBeLessThan(MAX_COST);
    }
  });
});
