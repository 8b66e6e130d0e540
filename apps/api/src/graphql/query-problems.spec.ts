import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ token } = await api.organization('ada', 'acme'));
});
afterAll(() => api.close());

const APPLY = 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { changed } }';

it.each([
  ['in the text', 'mutation { policyApply(input: {name: "a", placement: {}, drift: MAYBE}) { changed } }', {}, 'CORRECT, REPORT'],
  ['as a text', 'mutation { policyApply(input: {name: "a", placement: {}, drift: "CORRECT"}) { changed } }', {}, 'CORRECT, REPORT'],
  ['as a variable', APPLY, { input: { name: 'a', placement: {}, drift: 'MAYBE' } }, 'CORRECT, REPORT'],
  ['as a number', APPLY, { input: { name: 'a', placement: {}, drift: 1 } }, 'CORRECT, REPORT'],
  ['of a list', 'query ($status: [PolicyClusterStatus!]) { policy(name: "a") { clusters(first: 1, status: $status) { totalCount } } }', { status: ['ASLEEP'] }, 'PENDING, APPLIED'],
])('a value that an enum has not, %s, is refused with those that it has', async (_how, query, variables, values) => {
  const { errors } = await api.query(token, query, variables);
  expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT', why: expect.stringMatching(/^\w+ has no such value$/) as string, fix: expect.stringContaining(values) as string } });
});

it.each([
  ['a syntax error', '{'],
  ['a field that is not there', '{ nope }'],
  ['too many tokens', `{ organization { id ${'name '.repeat(30_000)} } }`],
  ['nothing', ''],
  ['an operation of two that is not named', 'query A { organization { id } } query B { organization { id } }'],
  ['a query that is none', '[1]'],
])('%s says why, and what to do', async (_what, query) => {
  const { errors } = await api.query(token, query);
  expect(errors[0]).toMatchObject({ extensions: { code: expect.any(String) as string, why: expect.any(String) as string, fix: expect.any(String) as string } });
});

it('what was sent is not sent back with what is wrong with it', async () => {
  const [text, manifests] = ['x'.repeat(500_000), `apiVersion: security.istio.io/v1\nkind: ${'K'.repeat(500_000)}\nmetadata: {name: a, namespace: shop}`];
  for (const input of [{ name: 'a', placement: {}, drift: text }, { name: 'a', placement: {}, manifests }, { name: 'a', placement: {}, preset: { name: 'strict-mutual-tls', parameters: { [text]: 1 } } }, { name: 'a', manifests: 'a b '.repeat(500_000) }]) {
    const answer = await api.query(token, 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message why fix field } } }', { input });
    expect(JSON.stringify(answer).length).toBeLessThan(20_000);
  }
});

it('a preview refuses an idempotency key that the mutation would refuse', async () => {
  const { data } = await api.query<{ policyPreview: { userErrors: { field: string[] }[] } }>(token, 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { field } } }', { apply: { name: 'a', placement: {}, manifests: '', idempotencyKey: '' } });
  expect(data.policyPreview.userErrors).toEqual([{ field: ['apply', 'idempotencyKey'] }]);
});
