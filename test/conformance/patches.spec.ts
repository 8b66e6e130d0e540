import { describe, expect, it } from 'vitest';
import { JSON_PATCH, MERGE, STRATEGIC } from './client.ts';
import { configMap, configMaps, deployment, deployments, WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);

describe('JSON patch', () => {
  it('adds, replaces, removes, moves, copies and tests', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { one: '1', two: '2', three: '3' }));
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, JSON_PATCH, [
      { op: 'test', path: '/data/one', value: '1' },
      { op: 'replace', path: '/data/one', value: 'uno' },
      { op: 'add', path: '/data/four', value: '4' },
      { op: 'remove', path: '/data/two' },
      { op: 'move', from: '/data/three', path: '/data/drei' },
      { op: 'copy', from: '/data/four', path: '/data/vier' },
    ]);
    expect(status).toBe(200);
    expect(body.data).toEqual({ one: 'uno', four: '4', drei: '3', vier: '4' });
  });
  it('fails as a whole when a test fails', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { one: '1' }));
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, JSON_PATCH, [
      { op: 'replace', path: '/data/one', value: 'changed' },
      { op: 'test', path: '/data/one', value: 'wrong' },
    ]);
    expect(status).toBe(422);
    expect(body.reason).toBe('Invalid');
    expect((await bed.client.get(`${configMaps(ns)}/a`)).body.data.one).toBe('1');
  });
  it('refuses to remove what is not there, and replaces it as if it were', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { one: '1' }));
    const removed = await bed.client.patch(`${configMaps(ns)}/a`, JSON_PATCH, [{ op: 'remove', path: '/data/missing' }]);
    expect(removed.status).toBe(422);
    const replaced = await bed.client.patch(`${configMaps(ns)}/a`, JSON_PATCH, [{ op: 'replace', path: '/data/missing', value: 'x' }]);
    expect(replaced.body.data).toEqual({ one: '1', missing: 'x' });
  });
});

describe('merge patch', () => {
  it('merges maps, replaces lists and removes by null', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    const { body } = await bed.client.patch(`${deployments(ns)}/web`, MERGE, {
      metadata: { labels: { a: 'b' } },
      spec: { template: { spec: { containers: [{ name: 'only', image: 'registry.test/only:1' }] } } },
    });
    expect(body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(['only']);
    const { body: removed } = await bed.client.patch(`${deployments(ns)}/web`, MERGE, { metadata: { labels: { a: null } } });
    expect(removed.metadata.labels).toBeUndefined();
  });
  it('refuses an older resourceVersion with Conflict', async () => {
    const ns = await bed.client.namespace();
    const { body: first } = await bed.client.post(configMaps(ns), configMap('a', { k: '1' }));
    await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { data: { k: '2' } });
    const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { resourceVersion: first.metadata.resourceVersion }, data: { k: '3' } });
    expect(status).toBe(409);
    expect(body.reason).toBe('Conflict');
  });
  it('answers NotFound for what is not there', async () => {
    const ns = await bed.client.namespace();
    expect((await bed.client.patch(`${configMaps(ns)}/missing`, MERGE, {})).status).toBe(404);
  });
});

describe('strategic merge patch', () => {
  it('merges containers by name', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    const { body } = await bed.client.patch(`${deployments(ns)}/web`, STRATEGIC, { spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.test/web:2' }] } } } });
    const containers: { name: string; image: string }[] = body.spec.template.spec.containers;
    expect(containers.map(({ name, image }) => `${name}=${image}`).sort()).toEqual(['log=registry.test/log:1', 'web=registry.test/web:2']);
  });
  it('deletes a list item by $patch', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    const { body } = await bed.client.patch(`${deployments(ns)}/web`, STRATEGIC, { spec: { template: { spec: { containers: [{ name: 'log', $patch: 'delete' }] } } } });
    expect(body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(['web']);
  });
  it('replaces a list by $patch', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web'));
    const { body } = await bed.client.patch(`${deployments(ns)}/web`, STRATEGIC, { spec: { template: { spec: { containers: [{ $patch: 'replace' }, { name: 'new', image: 'registry.test/new:1' }] } } } });
    expect(body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(['new']);
  });
  it('merges finalizers as a set, and takes values out by $deleteFromPrimitiveList', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.test/one'] } });
    const { body: two } = await bed.client.patch(`${configMaps(ns)}/a`, STRATEGIC, { metadata: { finalizers: ['example.test/two'] } });
    expect([...two.metadata.finalizers].sort()).toEqual(['example.test/one', 'example.test/two']);
    const { body: one } = await bed.client.patch(`${configMaps(ns)}/a`, STRATEGIC, { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.test/one'] } });
    expect(one.metadata.finalizers).toEqual(['example.test/two']);
  });
  it('is not for custom resources', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    const { status, body } = await bed.client.patch(`${widgets(ns)}/w`, STRATEGIC, { spec: { size: 2 } });
    expect(status).toBe(415);
    expect(body.reason).toBe('UnsupportedMediaType');
  });
});

it('refuses a patch of a type that there is not', async () => {
  const ns = await bed.client.namespace();
  await bed.client.post(configMaps(ns), configMap('a'));
  const { status, body } = await bed.client.patch(`${configMaps(ns)}/a`, 'application/json', {});
  expect(status).toBe(415);
  expect(body.reason).toBe('UnsupportedMediaType');
});
