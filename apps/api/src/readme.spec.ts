import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM_PATH } from './changes/event-stream.ts';
import { startTestApi, type TestApi } from './testing/test-api.ts';

const here = new URL('../', import.meta.url);
const text = readFileSync(new URL('README.md', here), 'utf8');

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
    expect(data.policyApply).toMatchObject({ changed: true, warnings: [], userErrors: [], policy: { summary: { pending: 0 } } });
  });

  it('names a path of the stream and files that exist', () => {
    expect(text).toContain(`POST ${STREAM_PATH}`);
    const named = [...text.matchAll(/`(src\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => !existsSync(new URL(path, here)))).toEqual([]);
  });
});
