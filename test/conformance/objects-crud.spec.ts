import { describe, expect, it } from 'vitest';
import { MERGE } from './client.ts';
import { configMap, configMaps, deployment, deployments, services } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster();

describe('create', () => {
  it('answers 201 with uid, resourceVersion, creationTimestamp and the manager of the fields', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(`${configMaps(ns)}?fieldManager=tester`, configMap('a', { k: 'v' }));
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: ns } });
    expect(body.metadata.uid).toMatch(/^[0-9a-f]{8}-/);
    expect(body.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
    expect(body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(body.metadata.managedFields).toMatchObject([{ manager: 'tester', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' }]);
  });
  it('refuses a name that exists, with AlreadyExists', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a'));
    const { status, body } = await bed.client.post(configMaps(ns), configMap('a'));
    expect(status).toBe(409);
    expect(body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'AlreadyExists', code: 409, message: 'configmaps "a" already exists', details: { name: 'a', kind: 'configmaps' } });
  });
  it('makes a name out of generateName', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(configMaps(ns), { metadata: { generateName: 'made-' } });
    expect(body.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
  });
  it('refuses an object without a name', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), { metadata: {} });
    expect(status).toBe(422);
    expect(body.reason).toBe('Invalid');
    expect(body.message).toContain('name or generateName is required');
  });
  it('refuses a name that is no DNS subdomain, naming the field', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), configMap('Not_A_Name'));
    expect(status).toBe(422);
    expect(body.details.causes[0]).toMatchObject({ reason: 'FieldValueInvalid', field: 'metadata.name' });
    expect(body.message).toContain('a lowercase RFC 1123 subdomain must consist of');
  });
  it('refuses bad labels', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), configMap('a', {}, { 'bad key!': 'x' }));
    expect(status).toBe(422);
    expect(body.details.causes[0].field).toBe('metadata.labels');
  });
  it('refuses a namespace that does not exist', async () => {
    const { status, body } = await bed.client.post(configMaps('nowhere'), configMap('a'));
    expect(status).toBe(404);
    expect(body).toMatchObject({ reason: 'NotFound', message: 'namespaces "nowhere" not found', details: { name: 'nowhere', kind: 'namespaces' } });
  });
  it('refuses an object of another namespace than the path names', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', namespace: 'other' } });
    expect(status).toBe(400);
    expect(body.reason).toBe('BadRequest');
    expect(body.message).toContain('the namespace of the provided object does not match the namespace sent on the request');
  });
  it('refuses another kind than the path names', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
    expect(status).toBe(400);
    expect(body.reason).toBe('BadRequest');
  });
  it('refuses a resourceVersion on a new object', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', resourceVersion: '12' } });
    expect(status).toBe(500);
    expect(body.message).toContain('resourceVersion should not be set on objects to be created');
  });
  it('refuses a body that is not JSON', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(configMaps(ns), 'nonsense');
    expect(status).toBe(400);
    expect(body.reason).toBe('BadRequest');
  });
});

describe('get', () => {
  it('answers NotFound for what is not there', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.get(`${configMaps(ns)}/missing`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ kind: 'Status', reason: 'NotFound', message: 'configmaps "missing" not found', details: { name: 'missing', kind: 'configmaps' } });
  });
  it('answers 404 for a resource that is not served', async () => {
    const { status } = await bed.client.get('/apis/nothing.test/v1/things');
    expect(status).toBe(404);
  });
  it('answers PartialObjectMetadata when asked', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    const { body } = await bed.client.get(`${configMaps(ns)}/a`, { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' });
    expect(body).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } });
    expect(body.data).toBeUndefined();
  });
});

describe('update', () => {
  it('refuses an older resourceVersion with Conflict', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(configMaps(ns), configMap('a', { k: '1' }));
    await bed.client.put(`${configMaps(ns)}/a`, { ...first, data: { k: '2' } });
    const { status, body } = await bed.client.put(`${configMaps(ns)}/a`, { ...first, data: { k: '3' } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message: 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });
  it('takes an update without a resourceVersion', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: '1' }));
    const { status, body } = await bed.client.put(`${configMaps(ns)}/a`, configMap('a', { k: '2' }));
    expect(status).toBe(200);
    expect(body.data).toEqual({ k: '2' });
  });
  it('does not move the resourceVersion when nothing changes', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(configMaps(ns), configMap('a', { k: '1' }));
    const { body } = await bed.client.put(`${configMaps(ns)}/a`, first);
    expect(body.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });
  it('refuses another name than the path has', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a'));
    const { status, body } = await bed.client.put(`${configMaps(ns)}/a`, configMap('b'));
    expect(status).toBe(400);
    expect(body.message).toBe('the name of the object (b) does not match the name on the URL (a)');
  });
  it('refuses another uid with Conflict', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(configMaps(ns), configMap('a'));
    const { status, body } = await bed.client.put(`${configMaps(ns)}/a`, { ...first, metadata: { ...first.metadata, uid: '00000000-0000-0000-0000-000000000000' } });
    expect(status).toBe(409);
    expect(body.reason).toBe('Conflict');
  });
  it('raises generation when the spec changes, and not when the metadata does', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(deployments(ns), deployment('web'));
    expect(first.metadata.generation).toBe(1);
    const { body: labelled } = await bed.client.patch(`${deployments(ns)}/web`, MERGE, { metadata: { labels: { x: 'y' } } });
    expect(labelled.metadata.generation).toBe(1);
    const { body: scaled } = await bed.client.patch(`${deployments(ns)}/web`, MERGE, { spec: { replicas: 3 } });
    expect(scaled.metadata.generation).toBe(2);
  });
  it('refuses a change of an immutable field', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    const { status, body } = await bed.client.patch(`${deployments(ns)}/web`, MERGE, { spec: { selector: { matchLabels: { app: 'other' } }, template: { metadata: { labels: { app: 'other' } } } } });
    expect(status).toBe(422);
    expect(body.message).toContain('field is immutable');
  });
  it('keeps status and spec apart through the status subresource', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], loadBalancerClass: 'example.test/lb' } });
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
    const { body: viaSpec } = await bed.client.put(`${services(ns)}/s`, { ...first, status });
    expect(viaSpec.status.loadBalancer).toEqual({});
    const { body: viaStatus } = await bed.client.patch(`${services(ns)}/s/status`, MERGE, { status, spec: { ports: [{ port: 81 }] } });
    expect(viaStatus.status.loadBalancer.ingress[0].ip).toBe('192.0.2.7');
    expect(viaStatus.spec.ports[0].port).toBe(80);
  });
});

describe('delete', () => {
  it('answers Success with the uid for an object without finalizers', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(configMaps(ns), configMap('a'));
    const { status, body } = await bed.client.delete(`${configMaps(ns)}/a`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps', uid: made.metadata.uid } });
  });
  it.each([
    ['uid', { uid: '00000000-0000-0000-0000-000000000000' }],
    ['resourceVersion', { resourceVersion: '1' }],
  ])('refuses a %s that does not match with Conflict', async (_what, preconditions) => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a'));
    const { status, body } = await bed.client.delete(`${configMaps(ns)}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
    expect(status).toBe(409);
    expect(body.reason).toBe('Conflict');
    expect(body.message).toMatch(/^Operation cannot be fulfilled on ConfigMap "a": the (UID|ResourceVersion) in the precondition/);
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(200);
  });
  it('keeps an object with finalizers until they are gone', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.test/hold'] } });
    const { status, body } = await bed.client.delete(`${configMaps(ns)}/a`);
    expect(status).toBe(200);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    expect((await bed.client.get(`${configMaps(ns)}/a`)).body.metadata.deletionTimestamp).toBeDefined();
    await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { finalizers: null } });
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(404);
  });
  it('refuses new finalizers on an object that is being deleted', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.test/hold'] } });
    await bed.client.delete(`${configMaps(ns)}/a`);
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { finalizers: ['example.test/hold', 'example.test/more'] } });
    expect(status).toBe(422);
    expect(body.message).toContain('no new finalizers can be added if the object is being deleted');
  });
  it('deletes a collection by selector', async () => {
    const ns = await bed.client.namespace();
    for (const name of ['a', 'b', 'c']) await bed.client.post(configMaps(ns), configMap(name, {}, { keep: name === 'c' ? 'yes' : 'no' }));
    const { status } = await bed.client.delete(`${configMaps(ns)}?labelSelector=keep%3Dno`);
    expect(status).toBe(200);
    const { body } = await bed.client.get(`${configMaps(ns)}?labelSelector=keep`);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c']);
  });
});

describe('dry run', () => {
  it('answers as if, and stores nothing, for create, update, patch and delete', async () => {
    const ns = await bed.client.namespace();
    const created = await bed.client.post(`${configMaps(ns)}?dryRun=All`, configMap('a'));
    expect(created.status).toBe(201);
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(404);
    const { body: real } = await bed.client.post(configMaps(ns), configMap('a', { k: '1' }));
    await bed.client.put(`${configMaps(ns)}/a?dryRun=All`, { ...real, data: { k: '2' } });
    const patched = await bed.client.patch(`${configMaps(ns)}/a?dryRun=All`, MERGE, { data: { k: '3' } });
    expect(patched.body.data.k).toBe('3');
    await bed.client.delete(`${configMaps(ns)}/a?dryRun=All`);
    const { body } = await bed.client.get(`${configMaps(ns)}/a`);
    expect(body.data.k).toBe('1');
    expect(body.metadata.resourceVersion).toBe(real.metadata.resourceVersion);
  });
  it('refuses another directive than All', async () => {
    const ns = await bed.client.namespace();
    const { status } = await bed.client.post(`${configMaps(ns)}?dryRun=Some`, configMap('a'));
    expect(status).toBe(422);
  });
});

describe('field validation', () => {
  const unknown = { ...configMap('a'), surprise: true };
  it('refuses unknown fields when Strict', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(`${configMaps(ns)}?fieldValidation=Strict`, unknown);
    expect(status).toBe(400);
    expect(body.message).toContain('strict decoding error: unknown field "surprise"');
  });
  it('warns of them when Warn, and drops them', async () => {
    const ns = await bed.client.namespace();
    const { status, headers, body } = await bed.client.post(`${configMaps(ns)}?fieldValidation=Warn`, unknown);
    expect(status).toBe(201);
    expect(headers['warning']).toBe('299 - "unknown field \\"surprise\\""');
    expect(body.surprise).toBeUndefined();
  });
  it('drops them silently when Ignore', async () => {
    const ns = await bed.client.namespace();
    const { headers } = await bed.client.post(`${configMaps(ns)}?fieldValidation=Ignore`, unknown);
    expect(headers['warning']).toBeUndefined();
  });
});
