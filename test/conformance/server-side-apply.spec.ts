import { describe, expect, it } from 'vitest';
import { APPLY, JSON_PATCH, MERGE } from './client.ts';
import { configMap, configMaps, deployment, deployments, WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);

interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  fieldsV1: Record<string, unknown>;
}
const entryOf = (body: { metadata: { managedFields: Entry[] } }, manager: string): Entry | undefined =>
  body.metadata.managedFields.find((entry) => entry.manager === manager);

describe('apply', () => {
  it('creates what is not there with 201, owned by its manager', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    expect(status).toBe(201);
    expect(entryOf(body, 'one')).toMatchObject({ operation: 'Apply', apiVersion: 'v1', fieldsV1: { 'f:data': { 'f:k': {} } } });
  });
  it('answers 200 and leaves everything as it is when nothing changes', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    expect(status).toBe(200);
    expect(body).toEqual(first);
  });
  it('removes what the manager no longer applies', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', gone: 'soon' }));
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    expect(body.data).toEqual({ k: 'v' });
  });
  it('keeps what others own', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { other: 'x' }));
    expect(body.data).toEqual({ k: 'v', other: 'x' });
    expect(entryOf(body, 'one')?.fieldsV1).toMatchObject({ 'f:data': { 'f:k': {} } });
    expect(entryOf(body, 'two')?.fieldsV1).toEqual({ 'f:data': { 'f:other': {} } });
  });
  it('shares a field on which two managers agree, and removes it when the last lets go', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'v' }));
    const { body: afterOne } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a'));
    expect(afterOne.data).toEqual({ k: 'v' });
    const { body: afterTwo } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a'));
    expect(afterTwo.data).toBeUndefined();
  });
  it('refuses a field of another applier with its name and the field', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'w' }));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.k',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }] },
    });
  });
  it('names an updater in a conflict with its apiVersion and time', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    await bed.client.patch(`${configMaps(ns)}/a?fieldManager=hand`, MERGE, { data: { k: 'tampered' } });
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    expect(status).toBe(409);
    expect(body.details.causes[0].message).toMatch(/^conflict with "hand" using v1( at \d{4}-.*)?$/);
    expect(body.details.causes[0].field).toBe('.data.k');
  });
  it('counts several conflicts', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'v' }));
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'w', l: 'w' }));
    expect(body.message).toContain('Apply failed with 2 conflicts: conflicts with "one":\n- .data.k\n- .data.l');
    expect(body.details.causes).toHaveLength(2);
  });
  it('takes fields over when forced, and the loser owns them no more', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', mine: 'x' }));
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'w' }), true);
    expect(status).toBe(200);
    expect(body.data).toEqual({ k: 'w', mine: 'x' });
    expect(entryOf(body, 'one')?.fieldsV1).toMatchObject({ 'f:data': { 'f:mine': {} } });
    expect(entryOf(body, 'one')?.fieldsV1['f:data']).not.toHaveProperty('f:k');
  });
  it('refuses to go without a manager', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, APPLY, configMap('a'));
    expect(status).toBe(422);
    expect(body.message).toContain('fieldManager: Required value: is required for apply patch');
  });
  it('refuses managedFields in what is applied', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', { ...configMap('a'), metadata: { name: 'a', managedFields: [{ manager: 'x' }] } });
    expect(status).toBe(400);
    expect(body.message).toContain('metadata.managedFields must be nil');
  });
  it('refuses an apply without apiVersion and kind', async () => {
    const ns = await bed.client.namespace();
    const { status } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', { metadata: { name: 'a' } });
    expect(status).toBe(400);
  });
  it('refuses another uid as a change of an immutable field', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a'));
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', { ...configMap('a'), metadata: { name: 'a', uid: '00000000-0000-0000-0000-000000000000' } });
    expect(status).toBe(422);
    expect(body.details.causes[0]).toMatchObject({ field: 'metadata.uid' });
  });
  it('changes nothing in a dry run, and says what it would do', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a?dryRun=All`, 'one', configMap('a', { k: 'v' }));
    expect(status).toBe(201);
    expect(body.data).toEqual({ k: 'v' });
    expect((await bed.client.get(`${configMaps(ns)}/a`)).status).toBe(404);
  });
});

describe('managers that update', () => {
  it('own what they change and take it from an applier', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'v' }));
    const { body } = await bed.client.patch(`${configMaps(ns)}/a?fieldManager=hand`, MERGE, { data: { k: 'w' } });
    expect(entryOf(body, 'hand')).toMatchObject({ operation: 'Update', fieldsV1: { 'f:data': { 'f:k': {} } } });
    expect(entryOf(body, 'one')?.fieldsV1).toEqual({ 'f:data': { 'f:l': {} } });
  });
  it('are named after the user agent when they give no name', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    expect(body.metadata.managedFields).toHaveLength(1);
    expect(body.metadata.managedFields[0].operation).toBe('Update');
  });
  it('can clear all managers with an empty list', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { body } = await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { managedFields: [{}] } });
    expect(body.metadata.managedFields).toBeUndefined();
  });
});

describe('lists', () => {
  it('merge containers by name and ports by number and protocol', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${deployments(ns)}/web`, 'one', deployment('web'));
    const extra = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'registry.test/sidecar:1' }, { name: 'web', ports: [{ containerPort: 9090, name: 'metrics' }] }] } } },
    };
    const { status, body } = await bed.client.apply(`${deployments(ns)}/web`, 'two', extra);
    expect(status).toBe(200);
    const containers: { name: string; image: string; ports?: { containerPort: number }[] }[] = body.spec.template.spec.containers;
    expect(containers.map(({ name }) => name).sort()).toEqual(['log', 'sidecar', 'web']);
    expect(containers.find(({ name }) => name === 'web')?.ports?.map(({ containerPort }) => containerPort).sort()).toEqual([80, 9090]);
    expect(JSON.stringify(entryOf(body, 'two')?.fieldsV1)).toContain('k:{\\"name\\":\\"sidecar\\"}');
    const { body: without } = await bed.client.apply(`${deployments(ns)}/web`, 'two', { ...extra, spec: { template: { spec: { containers: [{ name: 'web' }] } } } });
    expect(without.spec.template.spec.containers.map(({ name }: { name: string }) => name).sort()).toEqual(['log', 'web']);
  });
  it('merge sets of a custom resource value by value', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, tags: ['a', 'b'] }));
    const { body } = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { tags: ['b', 'c'] }));
    expect([...body.spec.tags].sort()).toEqual(['a', 'b', 'c']);
    expect(JSON.stringify(entryOf(body, 'two')?.fieldsV1)).toContain('v:\\"c\\"');
    const { body: shrunk } = await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, tags: ['a'] }));
    expect([...shrunk.spec.tags].sort()).toEqual(['a', 'b', 'c']);
  });
  it('merge maps of a custom resource by their keys', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, ports: [{ port: 80, name: 'http' }] }));
    const { body } = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { ports: [{ port: 443, name: 'https' }] }));
    expect(body.spec.ports.map(({ port }: { port: number }) => port).sort()).toEqual([443, 80].sort());
    const conflict = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { ports: [{ port: 80, name: 'other' }] }));
    expect(conflict.body.details.causes[0].field).toBe('.spec.ports[port=80].name');
  });
});

describe('empty metadata of a custom resource', () => {
  const version = async (path: string): Promise<string> => (await bed.client.get(path)).body.metadata.resourceVersion;
  const empty = (metadata: object) => ({ ...widget('w', { size: 1 }), metadata: { name: 'w', ...metadata } });

  it.each([{ labels: {} }, { annotations: {} }, { finalizers: [] }, { ownerReferences: [] }])('that is applied makes a new version each time: %j', async (metadata) => {
    const path = `${widgets(await bed.client.namespace())}/w`;
    await bed.client.apply(path, 'one', empty(metadata));
    const first = await version(path);
    await bed.client.apply(path, 'one', empty(metadata));
    const second = await version(path);
    expect(second).not.toBe(first);
    expect(Object.keys((await bed.client.get(path)).body.metadata)).not.toContain(Object.keys(metadata)[0]);
    // Written by another verb it is gone from the storage, and from then on nothing changes any more.
    const nothing = [{ op: 'test', path: '/spec/size', value: 1 }];
    await bed.client.patch(path, JSON_PATCH, nothing);
    const third = await version(path);
    expect(third).not.toBe(second);
    await bed.client.patch(path, JSON_PATCH, nothing);
    expect(await version(path)).toBe(third);
  });

  it('that is put or merged makes none', async () => {
    const path = `${widgets(await bed.client.namespace())}/w`;
    await bed.client.apply(path, 'one', widget('w', { size: 1 }));
    const before = await version(path);
    await bed.client.put(path, { ...(await bed.client.get(path)).body, metadata: { ...(await bed.client.get(path)).body.metadata, labels: {} } });
    await bed.client.patch(path, MERGE, { metadata: { annotations: {} } });
    expect(await version(path)).toBe(before);
  });
});

describe('subresources', () => {
  it('are owned apart from the object', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1 }));
    const { body } = await bed.client.apply(`${widgets(ns)}/w/status`, 'controller', { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name: 'w' }, status: { phase: 'Ready' } });
    expect(body.status).toEqual({ phase: 'Ready' });
    expect(entryOf(body, 'controller')).toMatchObject({ operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': { 'f:phase': {} } } });
    const { body: applied } = await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 2 }));
    expect(applied.status).toEqual({ phase: 'Ready' });
  });
});
