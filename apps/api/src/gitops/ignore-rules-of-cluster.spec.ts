import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { populate, type Populated } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let adas: Populated;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  adas = await populate(api, ada, 'ada');
});
afterAll(() => api.close());

const rules = (args: string) =>
  api.query<{ cluster: { gitopsIgnoreRules: string } | null }>(ada.token, `query ($id: ID!) { cluster(id: $id) { gitopsIgnoreRules${args} } }`, { id: adas.Cluster });

describe('ignore rules for GitOps tools', () => {
  it('cover what the cluster is to hold, in the form that the tool takes', async () => {
    const { data } = await rules('(tool: FLUX_KUSTOMIZATION)');
    expect(parse(data.cluster?.gitopsIgnoreRules ?? '')).toEqual({ spec: { ignore: [{ paths: ['/data/value', '/metadata/annotations/meshfleet.io~1expires-at'], target: { kind: 'ConfigMap', namespace: 'ada', name: 'ada-map' } }] } });
    expect((await rules('')).data.cluster?.gitopsIgnoreRules).toContain('managedFieldsManagers');
  });

  it('are those of one policy when it is named, and refuse what is no policy', async () => {
    expect((await rules(`(policyId: "${adas.Policy}")`)).data.cluster?.gitopsIgnoreRules).toContain('ada-map');
    const { errors } = await rules(`(policyId: "${adas.Cluster}")`);
    expect(errors[0]?.extensions['code']).toBe('NOT_FOUND');
  });
});
