import { describe, expect, it } from 'vitest';
import { MERGE } from './client.ts';
import { configMap, configMaps, services, WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);

describe('deletes', () => {
  it('go by their body, and then not by the query', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a'));
    await bed.client.delete(`${configMaps(ns)}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] });
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(200);
    await bed.client.delete(`${configMaps(ns)}/a?dryRun=All`, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(404);
  });
  it('of some kinds answer what was deleted', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
    const { status, body } = await bed.client.delete(`${services(ns)}/s`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'Service', metadata: { name: 's' } });
  });
  it('leave the name taken while finalizers hold the object', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.test/hold'] } });
    await bed.client.delete(`${configMaps(ns)}/a`);
    const { status, body } = await bed.client.post(configMaps(ns), configMap('a'));
    expect(status).toBe(409);
    expect(body).toMatchObject({ reason: 'AlreadyExists', message: 'object is being deleted: configmaps "a" already exists' });
    await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { finalizers: null } });
  });
});

describe('creates', () => {
  it('tell of a namespace that is missing before they look at the object', async () => {
    const { status, body } = await bed.client.post(configMaps('no-such-namespace'), configMap('Not A Name'));
    expect(status).toBe(404);
    expect(body.message).toBe('namespaces "no-such-namespace" not found');
  });
  it('of a custom resource must say what it is', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(widgets(ns), { metadata: { name: 'w' }, spec: { size: 1 } });
    expect(status).toBe(400);
    expect(body.message).toMatch(/^the object provided is unrecognized \(must be of type Widget\): Object 'Kind' is missing in '/);
  });
  it('warn of unknown fields even where something else is wrong', async () => {
    const ns = await bed.client.namespace();
    const { status, headers } = await bed.client.post(widgets(ns), widget('w', { size: 0, surprise: 1 }));
    expect(status).toBe(422);
    expect(headers['warning']).toBe('299 - "unknown field \\"spec.surprise\\""');
  });
  it('of some kinds happen by PUT', async () => {
    const ns = await bed.client.namespace();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    expect((await bed.client.put(`${services(ns)}/s`, service)).status).toBe(201);
    expect((await bed.client.put(`${configMaps(ns)}/a`, configMap('a'))).status).toBe(404);
  });
});

describe('patches', () => {
  it('that leave no object of the kind behind are 422, in the name of nobody', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { data: { k: 5 } });
    expect(status).toBe(422);
    expect(body.details.causes[0].field).toBe('patch');
    expect(body.message).toMatch(/json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/);
  });
  it('refuse unknown fields when Strict, as the patch that they are in', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a?fieldValidation=Strict`, MERGE, { surprise: 1 });
    expect(status).toBe(422);
    expect(body.message).toMatch(/strict decoding error: unknown field "surprise"$/);
  });
  it('cannot change what the server sets', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    const { body } = await bed.client.patch(`${widgets(ns)}/w`, MERGE, { metadata: { generation: 99, creationTimestamp: '2001-01-01T00:00:00Z', selfLink: '/x' } });
    expect(body.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
    expect(body.metadata.generation).toBe(1);
  });
  it('of metadata pass through its Go type in custom resources too', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    const { body } = await bed.client.patch(`${widgets(ns)}/w`, MERGE, { metadata: { labels: {}, annotations: {}, finalizers: [] } });
    expect(Object.keys(body.metadata).sort()).toEqual(['creationTimestamp', 'generation', 'managedFields', 'name', 'namespace', 'resourceVersion', 'uid']);
  });
});

describe('watches', () => {
  it('of metadata alone carry metadata alone', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    const { body } = await bed.client.get(configMaps(ns), { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' });
    expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(body.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === 'a')).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect(JSON.stringify(body)).not.toContain('"k":"v"');
  });
  it('over all namespaces see each, and by version see their own', async () => {
    const [one, two] = [await bed.client.namespace(), await bed.client.namespace()];
    const { body: list } = await bed.client.get('/apis/example.test/v1beta1/widgets');
    const watch = await bed.client.watch(`/apis/example.test/v1beta1/widgets?resourceVersion=${String(list.metadata.resourceVersion)}`);
    await bed.client.post(widgets(one), widget('a', { size: 1 }));
    await bed.client.post(widgets(two), widget('b', { size: 1 }));
    const events = [await watch.next(), await watch.next()];
    watch.close();
    expect(events.map(({ object }) => [object.metadata.namespace, object.metadata.name, object.apiVersion])).toEqual([[one, 'a', 'example.test/v1beta1'], [two, 'b', 'example.test/v1beta1']]);
  });
  it('from a time to come are refused at once for a list, and time out', async () => {
    const { status, body } = await bed.client.get(`${configMaps('default')}?resourceVersion=999999999&resourceVersionMatch=NotOlderThan`);
    expect(status).toBe(504);
    expect(body).toMatchObject({ reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] } });
  });
});
