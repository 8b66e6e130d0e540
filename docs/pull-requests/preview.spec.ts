import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertCluster, manifest } from '../../apps/api/src/testing/populate.ts';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';

let api: TestApi;
let token: string;
const folder = mkdtempSync(join(tmpdir(), 'meshfleet-preview-'));
const input = join(folder, 'policy.json');
const file = join(folder, 'policy.yaml');

beforeAll(async () => {
  api = await startTestApi();
  const ada = await api.organization('ada', 'acme');
  for (const name of ['frankfurt', 'virginia']) await insertCluster(api, ada.id, name, { env: 'prod' });
  const { data } = await api.query<{ apiTokenCreate: { secret: string } }>(ada.token, 'mutation { apiTokenCreate(input: { name: "pull requests", role: VIEWER }) { secret } }');
  token = data.apiTokenCreate.secret;
  writeFileSync(input, JSON.stringify({ name: 'strict', placement: { clusterSelector: 'env=prod' }, rollout: { waves: [{ count: 1 }] } }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

function preview(manifests: string, environment: Record<string, string> = { MESHFLEET_URL: api.url, MESHFLEET_TOKEN: token }): Promise<{ code: number; said: string }> {
  writeFileSync(file, manifests);
  return new Promise((resolve) => {
    execFile(process.execPath, [new URL('preview.mjs', import.meta.url).pathname, input, file], { env: environment }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }));
  });
}

it('comments what changes, once for clusters that change alike', async () => {
  const { code, said } = await preview(manifest('strict'));
  expect(said).toMatch(/^\*\*2 of 2 clusters change\.\*\*/);
  expect(said).toMatch(/\nfrankfurt, virginia:\n\n````diff\n.*\n\+ {4}mode: STRICT\n````\n$/s);
  expect(code).toBe(0);
});

it('fails where the change would be refused, and says why', async () => {
  const { code, said } = await preview(manifest('strict', 'STRCT'));
  expect(said).toMatch(/- :no_entry: .*STRCT/);
  expect(code).toBe(1);
});

it('fails where nobody lets it in, or it was not told whom to ask', async () => {
  expect(await preview(manifest('strict'), { MESHFLEET_URL: api.url, MESHFLEET_TOKEN: 'mfa_none' })).toEqual({ code: 1, said: '**The API token is not accepted**\n' });
  expect(await preview(manifest('strict'), { MESHFLEET_URL: 'http://127.0.0.1:1', MESHFLEET_TOKEN: token })).toMatchObject({ code: 1, said: expect.stringMatching(/^\*\*http:\/\/127\.0\.0\.1:1 cannot be reached: /) as string });
  expect(await preview(manifest('strict'), { MESHFLEET_URL: `${api.url}/graphiql`, MESHFLEET_TOKEN: token })).toMatchObject({ code: 1, said: expect.stringMatching(/does not answer|Cannot/) as string });
  expect(await preview(manifest('strict'), {})).toMatchObject({ code: 2, said: expect.stringContaining('usage') as string });
});
