import { expect, it } from 'vitest';
import { eventually } from './client.ts';
import { WIDGET_DEFINITION } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);

it('says which Kubernetes it is', async () => {
  const { body } = await bed.client.get('/version');
  expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
});
it.each(['/livez', '/readyz', '/healthz'])('answers ok at %s', async (path) => {
  const { status, body } = await bed.client.get(path);
  expect(status).toBe(200);
  expect(body).toBe('ok');
});
it('lists its groups and the resources of one', async () => {
  const { body: groups } = await bed.client.get('/apis');
  expect(groups).toMatchObject({ kind: 'APIGroupList' });
  expect(groups.groups.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['apps', 'batch', 'rbac.authorization.k8s.io', 'apiextensions.k8s.io', 'example.test']));
  const { body: core } = await bed.client.get('/api/v1');
  const pods = core.resources.find(({ name }: { name: string }) => name === 'pods');
  expect(pods).toMatchObject({ kind: 'Pod', namespaced: true, singularName: 'pod', shortNames: ['po'], categories: ['all'] });
  expect([...pods.verbs].sort()).toEqual(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
});
it('lists everything at once in aggregated discovery', async () => {
  const { body } = await bed.client.get('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' });
  expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
  const group = body.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === 'example.test');
  expect(group.versions.map(({ version }: { version: string }) => version)).toEqual(['v1', 'v1beta1']);
  const widgets = group.versions[0].resources.find(({ resource }: { resource: string }) => resource === 'widgets');
  expect(widgets).toMatchObject({ responseKind: { kind: 'Widget' }, scope: 'Namespaced', singularResource: 'widget', shortNames: ['wd'], categories: ['all'] });
});
it('publishes OpenAPI of built-in and of custom kinds', async () => {
  await eventually(async () => 'apis/example.test/v1' in (await bed.client.get('/openapi/v3')).body.paths);
  const { body: index } = await bed.client.get('/openapi/v3');
  expect(Object.keys(index.paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/example.test/v1']));
  const { body: document } = await bed.client.get(index.paths['apis/example.test/v1'].serverRelativeURL);
  expect(document.components.schemas['test.example.v1.Widget'].properties.spec.properties.size).toMatchObject({ type: 'integer', minimum: 1 });
});
it('answers 404 for paths and 405 for verbs that there are not', async () => {
  expect((await bed.client.get('/nothing')).status).toBe(404);
  const { status, body } = await bed.client.delete('/api/v1/namespaces');
  expect(status).toBe(405);
  expect(body.reason).toBe('MethodNotAllowed');
});
