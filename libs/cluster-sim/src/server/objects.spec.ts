import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulatedCluster, type SimulatedCluster } from '../start.ts';
import { callApi, openWatch, type ApiRequest } from './api-client.ts';

let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster({ name: 'objects', audit: true, nodes: 1 });
});
afterAll(() => cluster.stop());

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const call = (path: string, options?: ApiRequest) => callApi(cluster, path, options);
const post = (path: string, body: unknown) => call(path, { method: 'POST', body });
const configMap = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });
interface Answer { metadata: { name: string; uid: string; resourceVersion: string; generation?: number; deletionTimestamp?: string; continue?: string; remainingItemCount?: number }; items: Answer[]; message: string; reason: string; [field: string]: unknown }
const bodyOf = (answer: { body: unknown }): Answer => answer.body as Answer;

describe('writes', () => {
  it('gives a new object identity and answers 409 for the name the second time', async () => {
    const first = await post(CONFIGMAPS, configMap('a', { k: 'v' }));
    expect(first).toMatchObject({ code: 201, body: { kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default', uid: expect.stringMatching(/^[0-9a-f-]{36}$/), resourceVersion: expect.stringMatching(/^\d+$/) } } });
    expect(await post(CONFIGMAPS, configMap('a'))).toMatchObject({
      code: 409,
      body: { kind: 'Status', reason: 'AlreadyExists', message: 'configmaps "a" already exists', details: { name: 'a', kind: 'configmaps' } },
    });
  });

  it('draws a name from generateName', async () => {
    const { body } = await post(CONFIGMAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } });
    expect(bodyOf({ body }).metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('needs a namespace that is there', async () => {
    expect(await post('/api/v1/namespaces/nowhere/configmaps', configMap('x'))).toMatchObject({ code: 404, body: { message: 'namespaces "nowhere" not found' } });
  });

  it('answers 409 to who writes over a version that he did not see', async () => {
    const created = bodyOf(await post(CONFIGMAPS, configMap('b', { k: '1' })));
    const path = `${CONFIGMAPS}/b`;
    expect(await call(path, { method: 'PUT', body: { ...created, data: { k: '2' } } })).toMatchObject({ code: 200 });
    expect(await call(path, { method: 'PUT', body: { ...created, data: { k: '3' } } })).toMatchObject({
      code: 409,
      body: { reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "b": the object has been modified; please apply your changes to the latest version and try again' },
    });
    expect(await call(path, { method: 'PUT', body: configMap('b', { k: '4' }) })).toMatchObject({ code: 200, body: { data: { k: '4' } } });
  });

  it('keeps the resource version of a write that changes nothing', async () => {
    const created = bodyOf(await post(CONFIGMAPS, configMap('same', { k: '1' })));
    const again = bodyOf(await call(`${CONFIGMAPS}/same`, { method: 'PUT', body: created }));
    expect(again.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  it('writes nothing on a dry run', async () => {
    expect(await post(`${CONFIGMAPS}?dryRun=All`, configMap('dry'))).toMatchObject({ code: 201, body: { metadata: { name: 'dry' } } });
    expect(await call(`${CONFIGMAPS}/dry`)).toMatchObject({ code: 404, body: { message: 'configmaps "dry" not found' } });
    expect(await call(`${CONFIGMAPS}/a?dryRun=All`, { method: 'DELETE' })).toMatchObject({ code: 200 });
    expect(await call(`${CONFIGMAPS}/a`)).toMatchObject({ code: 200 });
    expect(await post(`${CONFIGMAPS}?dryRun=Some`, configMap('dry'))).toMatchObject({ code: 422 });
  });

  it('keeps spec and status apart, and counts generations of the spec alone', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await post(path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 0, selector: { matchLabels: { app: 'd' } }, template }, status: { replicas: 77 } });
    await cluster.settle();
    const merge = (sub: string, body: object) => call(`${path}/d${sub}`, { method: 'PATCH', body, contentType: 'application/merge-patch+json' });
    expect(bodyOf(await call(`${path}/d`))['status']).not.toMatchObject({ replicas: 77 });
    expect(bodyOf(await merge('', { status: { replicas: 5 }, spec: { paused: true } })).metadata.generation).toBe(2);
    const byStatus = bodyOf(await merge('/status', { status: { replicas: 5 }, spec: { paused: false } }));
    expect(byStatus).toMatchObject({ metadata: { generation: 2 }, spec: { paused: true }, status: { replicas: 5 } });
  });

  it('scales through the scale subresource', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments/d/scale';
    expect(await call(path)).toMatchObject({ code: 200, body: { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 0 } } });
    expect(await call(path, { method: 'PATCH', body: { spec: { replicas: 2 } }, contentType: 'application/merge-patch+json' })).toMatchObject({ code: 200, body: { spec: { replicas: 2 } } });
    expect(await call(path, { method: 'PATCH', body: { spec: { replicas: -1 } }, contentType: 'application/merge-patch+json' })).toMatchObject({ code: 422 });
  });

  it.each([
    ['application/x-other', 415],
    ['application/merge-patch+json', 200],
    ['application/strategic-merge-patch+json', 200],
  ])('takes a patch of type %s with %i', async (contentType, code) => {
    expect(await call(`${CONFIGMAPS}/b`, { method: 'PATCH', body: { data: { p: contentType } }, contentType })).toMatchObject({ code });
  });

  it('wants a field manager for an apply, and no force without one', async () => {
    const yaml = 'application/apply-patch+yaml';
    expect(await call(`${CONFIGMAPS}/b`, { method: 'PATCH', body: configMap('b'), contentType: yaml })).toMatchObject({
      code: 422,
      body: { message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch' },
    });
    expect(await call(`${CONFIGMAPS}/b?force=true`, { method: 'PATCH', body: {}, contentType: 'application/merge-patch+json' })).toMatchObject({ code: 422 });
  });

  it('creates by apply, from YAML, and tells a conflict by manager and field', async () => {
    const apply = (manager: string, value: string) => call(`${CONFIGMAPS}/applied?fieldManager=${manager}`, {
      method: 'PATCH', contentType: 'application/apply-patch+yaml', body: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  k: ${value}\n`,
    });
    expect(await apply('one', 'x')).toMatchObject({ code: 201 });
    expect(await apply('one', 'x')).toMatchObject({ code: 200 });
    expect(await apply('two', 'z')).toMatchObject({ code: 409, body: { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }] } } });
  });
});

describe('deletes', () => {
  it('answers a Status with the uid of what is gone', async () => {
    const { metadata } = bodyOf(await post(CONFIGMAPS, configMap('del')));
    expect(await call(`${CONFIGMAPS}/del`, { method: 'DELETE', body: { preconditions: { uid: 'other' } } })).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    expect(await call(`${CONFIGMAPS}/del`, { method: 'DELETE', body: { preconditions: { uid: metadata.uid } } })).toMatchObject({
      code: 200, body: { kind: 'Status', status: 'Success', details: { name: 'del', kind: 'configmaps', uid: metadata.uid } },
    });
    expect(await call(`${CONFIGMAPS}/del`, { method: 'DELETE' })).toMatchObject({ code: 404 });
  });

  it('waits for finalizers, takes no new ones, and goes with the last', async () => {
    await post(CONFIGMAPS, configMap('held', {}, { finalizers: ['example.com/a'] }));
    const dying = bodyOf(await call(`${CONFIGMAPS}/held`, { method: 'DELETE' }));
    expect(dying.metadata.deletionTimestamp).toBeDefined();
    const patch = (finalizers: string[]) => call(`${CONFIGMAPS}/held`, { method: 'PATCH', contentType: 'application/merge-patch+json', body: { metadata: { finalizers } } });
    expect(await patch(['example.com/a', 'example.com/b'])).toMatchObject({ code: 422, body: { message: expect.stringContaining('no new finalizers can be added if the object is being deleted') } });
    expect(await patch([])).toMatchObject({ code: 200 });
    expect(await call(`${CONFIGMAPS}/held`)).toMatchObject({ code: 404 });
  });

  it('deletes a collection by label', async () => {
    for (const name of ['c1', 'c2']) await post(CONFIGMAPS, configMap(name, {}, { labels: { sweep: 'yes' } }));
    expect(bodyOf(await call(`${CONFIGMAPS}?labelSelector=sweep%3Dyes`, { method: 'DELETE' })).items).toHaveLength(2);
    expect(bodyOf(await call(`${CONFIGMAPS}?labelSelector=sweep`)).items).toHaveLength(0);
  });

  it('empties a namespace before it goes, and refuses new content meanwhile', async () => {
    await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'brief' } });
    await post('/api/v1/namespaces/brief/configmaps', configMap('stays', {}, { finalizers: ['example.com/hold'] }));
    await call('/api/v1/namespaces/brief', { method: 'DELETE' });
    await cluster.settle();
    expect(await call('/api/v1/namespaces/brief')).toMatchObject({ code: 200, body: { status: { phase: 'Terminating' } } });
    expect(await post('/api/v1/namespaces/brief/configmaps', configMap('late'))).toMatchObject({
      code: 403, body: { message: 'configmaps "late" is forbidden: unable to create new content in namespace brief because it is being terminated' },
    });
    await call('/api/v1/namespaces/brief/configmaps/stays', { method: 'PATCH', contentType: 'application/merge-patch+json', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    expect(await call('/api/v1/namespaces/brief')).toMatchObject({ code: 404 });
  });
});

describe('lists', () => {
  const SECRETS = '/api/v1/namespaces/kube-public/secrets';
  const names = (answer: { body: unknown }): string[] => bodyOf(answer).items.map((item) => item.metadata.name);

  beforeAll(async () => {
    for (let index = 0; index < 7; index += 1) {
      await post(SECRETS, { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name: `s${index}`, labels: { odd: String(index % 2 === 1), i: String(index) } } });
    }
  });

  it('pages through one snapshot, whatever happens meanwhile', async () => {
    const first = bodyOf(await call(`${SECRETS}?limit=3`));
    expect(first.metadata).toMatchObject({ remainingItemCount: 4 });
    await call(`${SECRETS}/s3`, { method: 'DELETE' });
    await post(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's31' } });
    const second = bodyOf(await call(`${SECRETS}?limit=3&continue=${first.metadata.continue ?? ''}`));
    const third = bodyOf(await call(`${SECRETS}?limit=3&continue=${second.metadata.continue ?? ''}`));
    expect([...names({ body: second }), ...names({ body: third })]).toEqual(['s3', 's4', 's5', 's6']);
    expect([second.metadata.resourceVersion, third.metadata.resourceVersion]).toEqual([first.metadata.resourceVersion, first.metadata.resourceVersion]);
    expect(names(await call(SECRETS))).toEqual(['s0', 's1', 's2', 's31', 's4', 's5', 's6']);
  });

  it('answers 410 with a token to go on inconsistently when the snapshot is forgotten', async () => {
    const first = bodyOf(await call(`${SECRETS}?limit=3`));
    await call(`${SECRETS}/s6`, { method: 'DELETE' });
    cluster.compact();
    const expired = await call(`${SECRETS}?limit=3&continue=${first.metadata.continue ?? ''}`);
    expect(expired).toMatchObject({ code: 410, body: { reason: 'Expired' } });
    const again = await call(`${SECRETS}?continue=${bodyOf(expired).metadata.continue ?? ''}`);
    expect(names(again)).toEqual(['s31', 's4', 's5']);
  });

  it.each([
    ['odd=true', ['s1', 's5']],
    ['odd!=true', ['s0', 's2', 's31', 's4']],
    ['odd in (true,maybe)', ['s1', 's5']],
    ['odd notin (true),i', ['s0', 's2', 's4']],
    ['!odd', ['s31']],
    ['i>3', ['s4', 's5']],
  ])('selects by %s', async (selector, expected) => {
    expect(names(await call(`${SECRETS}?labelSelector=${encodeURIComponent(selector)}`))).toEqual(expected);
  });

  it('selects by field, and says which it cannot', async () => {
    expect(names(await call(`${SECRETS}?fieldSelector=metadata.name%3Ds1,type%3DOpaque`))).toEqual(['s1']);
    expect(await call(`${SECRETS}?fieldSelector=spec.x%3D1`)).toMatchObject({ code: 400, body: { message: 'field label not supported: spec.x' } });
    expect(await call(`${SECRETS}?labelSelector=${encodeURIComponent('a in b')}`)).toMatchObject({ code: 400 });
  });

  it('reads exactly the version that is asked for, and refuses the future', async () => {
    const before = bodyOf(await call(SECRETS)).metadata.resourceVersion;
    await call(`${SECRETS}/s5`, { method: 'DELETE' });
    expect(names(await call(`${SECRETS}?resourceVersion=${before}&resourceVersionMatch=Exact`))).toContain('s5');
    expect(names(await call(`${SECRETS}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`))).not.toContain('s5');
    expect(await call(`${SECRETS}?resourceVersion=999999`)).toMatchObject({ code: 504, body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } });
    expect(await call(`${SECRETS}?resourceVersion=abc`)).toMatchObject({ code: 400 });
  });

  it('prints tables and metadata alone', async () => {
    const table = await call(SECRETS, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' });
    expect(table.body).toMatchObject({ kind: 'Table', columnDefinitions: [{ name: 'Name' }, { name: 'Type' }, { name: 'Data' }, { name: 'Age' }], rows: expect.arrayContaining([{ cells: expect.arrayContaining(['s0', 'Opaque']), object: expect.objectContaining({ kind: 'PartialObjectMetadata' }) }]) });
    const partial = await call(SECRETS, { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' });
    expect(partial.body).toMatchObject({ kind: 'PartialObjectMetadataList', items: expect.arrayContaining([{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: expect.anything() }]) });
    expect(await call(SECRETS, { accept: 'image/png' })).toMatchObject({ code: 406 });
  });
});

describe('watches', () => {
  const path = '/api/v1/namespaces/kube-node-lease/configmaps';
  const put = (name: string, labels: Record<string, string> = {}) => post(path, configMap(name, {}, { labels }));

  it('tell what is there, then every change in order', async () => {
    await put('w1', { w: 'yes' });
    const watch = await openWatch(cluster, `${path}?watch=true&labelSelector=w`);
    await put('w2', { w: 'yes' });
    await call(`${path}/w2`, { method: 'DELETE' });
    const seen = [await watch.next(), await watch.next(), await watch.next()];
    expect(seen.map((event) => `${event?.type ?? ''} ${event?.object.metadata?.name ?? ''}`)).toEqual(['ADDED w1', 'ADDED w2', 'DELETED w2']);
    const versions = seen.map((event) => Number(event?.object.metadata?.resourceVersion));
    expect(versions).toEqual([...versions].sort((left, right) => left - right));
    watch.close();
  });

  it('resume after a version without gap or repetition', async () => {
    const { metadata } = bodyOf(await call(path));
    await put('r1');
    await put('r2');
    const watch = await openWatch(cluster, `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    expect([(await watch.next())?.object.metadata?.name, (await watch.next())?.object.metadata?.name]).toEqual(['r1', 'r2']);
    watch.close();
  });

  it('show an object that moves out of the selector as DELETED, and in as ADDED', async () => {
    const { metadata } = bodyOf(await call(path));
    const watch = await openWatch(cluster, `${path}?watch=true&resourceVersion=${metadata.resourceVersion}&labelSelector=in%3Dyes`);
    await put('m', { in: 'yes' });
    const label = (value: string) => call(`${path}/m`, { method: 'PATCH', contentType: 'application/merge-patch+json', body: { metadata: { labels: { in: value } } } });
    await label('no');
    await label('yes');
    expect([await watch.next(), await watch.next(), await watch.next()].map((event) => event?.type)).toEqual(['ADDED', 'DELETED', 'ADDED']);
    watch.close();
  });

  it('send initial events and the bookmark that ends them', async () => {
    const watch = await openWatch(cluster, `${path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dm`);
    expect([(await watch.next())?.type, (await watch.next())?.object.metadata?.annotations]).toEqual(['ADDED', { 'k8s.io/initial-events-end': 'true' }]);
    watch.close();
    expect(await call(`${path}?watch=true&sendInitialEvents=true`)).toMatchObject({ code: 422 });
  });

  it('answer a forgotten version by an ERROR event, and end', async () => {
    const { metadata } = bodyOf(await call(path));
    await put('forgotten');
    cluster.compact();
    const watch = await openWatch(cluster, `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: expect.stringMatching(/^too old resource version: /) } });
    expect(await watch.next()).toBeUndefined();
  });

  it('end after timeoutSeconds', async () => {
    const watch = await openWatch(cluster, `${path}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dnobody`);
    expect(await watch.next()).toBeUndefined();
  });
});

describe('the edge', () => {
  it('answers 404, 405, 401 and 403 as kube-apiserver words them', async () => {
    expect(await call('/api/v1/namespaces/default/unicorns')).toMatchObject({ code: 404, body: { message: 'the server could not find the requested resource' } });
    expect(await call('/apis/nobody.example/v1/things')).toMatchObject({ code: 404, body: '404 page not found\n' });
    expect(await call('/api/v1/componentstatuses', { method: 'DELETE' })).toMatchObject({ code: 405 });
    expect(await call('/api/v1/pods', { token: 'wrong' })).toMatchObject({ code: 401, body: { message: 'Unauthorized', reason: 'Unauthorized' } });
    expect(await call('/api/v1/pods', { token: null })).toMatchObject({
      code: 403, body: { message: 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope' },
    });
    expect(await call('/healthz', { token: null })).toMatchObject({ code: 200, body: 'ok' });
  });

  it('answers 400 to bodies that are no objects, and 413 to huge ones', async () => {
    expect(await call(CONFIGMAPS, { method: 'POST', body: '{"a":' })).toMatchObject({ code: 400 });
    expect(await call(CONFIGMAPS, { method: 'POST', body: [] })).toMatchObject({ code: 400 });
    expect(await post(CONFIGMAPS, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x' } })).toMatchObject({ code: 400 });
    expect(await post(CONFIGMAPS, configMap('huge', { k: 'x'.repeat(4_000_000) }))).toMatchObject({ code: 413 });
  });

  it('compresses large answers for who takes that', async () => {
    await post(CONFIGMAPS, configMap('big', { k: 'x'.repeat(300_000) }));
    const { headers } = await call(`${CONFIGMAPS}/big`, { headers: { 'accept-encoding': 'gzip' } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(Number(headers['content-length'])).toBeLessThan(10_000);
  });

  it('serves both forms of discovery', async () => {
    expect(await call('/apis')).toMatchObject({ body: { kind: 'APIGroupList', groups: expect.arrayContaining([expect.objectContaining({ name: 'apps', preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } })]) } });
    const aggregated = await call('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' });
    expect(aggregated.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(aggregated.body).toMatchObject({ kind: 'APIGroupDiscoveryList' });
  });

  it('counts by verb and resource, and records who asked what', async () => {
    cluster.resetCounters();
    await call(`${CONFIGMAPS}/b`);
    await call(`${CONFIGMAPS}/b?fieldManager=t&force=true`, { method: 'PATCH', body: configMap('b'), contentType: 'application/apply-patch+yaml' });
    const { byRequest, total } = cluster.counters();
    expect(Object.keys(byRequest)).toEqual(['apply configmaps', 'get configmaps']);
    expect(total.requests).toBe(2);
    expect(byRequest['apply configmaps']?.bytesIn).toBeGreaterThan(0);
    expect(byRequest['get configmaps']?.bytesOut).toBeGreaterThan(0);
    expect(cluster.auditLog().at(-1)).toMatchObject({ verb: 'patch', resource: 'configmaps', name: 'b', namespace: 'default', code: 200 });
  });
});
