import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { JSON_PATCH, MERGE } from './client.ts';
import { configMap, configMaps, deployment, deployments, services, WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);

interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  subresource?: string;
  fieldsV1: Record<string, unknown>;
}
const entriesOf = (body: { metadata: { managedFields?: Entry[] } }): Entry[] => body.metadata.managedFields ?? [];
const fieldsOf = (body: { metadata: { managedFields?: Entry[] } }, manager: string): unknown => entriesOf(body).find((entry) => entry.manager === manager)?.fieldsV1;

describe('what is applied', () => {
  it.each([
    ['an undeclared field', { spec: { size: 1, surprise: 1 } }, '.spec.surprise: field not declared in schema'],
    ['a number where a list belongs', { spec: { size: 1, tags: 5 } }, '.spec.tags: expected list, got &{5}'],
    ['a text where a number belongs', { spec: { size: 'big' } }, '.spec.size: expected numeric (int or float), got string'],
    ['an item without its key', { spec: { size: 1, ports: [{ name: 'x' }] } }, '.spec.ports: element 0: associative list with keys has an element that omits all key fields ["port"] (and doesn\'t have default values for any key fields)'],
    ['the same key twice', { spec: { size: 1, ports: [{ port: 1 }, { port: 1 }] } }, '.spec.ports: duplicate entries for key [port=1]'],
    ['the same value twice in a set', { spec: { size: 1, tags: ['a', 'a'] } }, '.spec.tags: duplicate entries for key [="a"]'],
  ])('is refused with 500 for %s', async (_what, part, problem) => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${widgets(ns)}/w`, 'one', { ...widget('w', {}), ...part });
    expect(status).toBe(500);
    expect(body.message).toBe(`failed to create typed patch object (/w; example.test/v1, Kind=Widget): ${problem}`);
  });
  it('is refused with 500 when it does not fit the Go type behind the schema', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`/api/v1/namespaces/${ns}/secrets/s`, 'one', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'no base64' } });
    expect(status).toBe(500);
    expect(body.message).toContain('unable to convert unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte 2');
  });
  it('must be of the version that the path names', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1 }, 'v1beta1'));
    expect(status).toBe(400);
    expect(body.message).toBe('invalid object type: example.test/v1beta1, Kind=Widget');
  });
  it('may be empty, and is owned as such', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', {}, {}));
    expect(body.data).toBeUndefined();
    expect(body.metadata.labels).toBeUndefined();
    expect(fieldsOf(body, 'one')).toEqual({ 'f:data': {}, 'f:metadata': { 'f:labels': {} } });
  });
  it('takes a null for saying nothing about a map', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', { ...configMap('a'), data: null });
    expect(status).toBe(200);
    expect(body.data).toEqual({ k: 'v' });
  });
  it('leaves a field to another who owns it empty', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', {}));
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a'));
    expect(body.data).toBeUndefined();
    expect(fieldsOf(body, 'two')).toEqual({ 'f:data': {} });
  });
});

describe('values', () => {
  it('of an atomic map and a plain list go as a whole', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, whole: { a: '1' }, plain: [1] }));
    const conflict = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { whole: { b: '2' }, plain: [2] }));
    expect(conflict.status).toBe(409);
    expect(conflict.body.details.causes.map(({ field }: { field: string }) => field).sort()).toEqual(['.spec.plain', '.spec.whole']);
    const { body } = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { whole: { b: '2' }, plain: [2] }), true);
    expect(body.spec).toMatchObject({ whole: { b: '2' }, plain: [2] });
    expect(fieldsOf(body, 'two')).toEqual({ 'f:spec': { 'f:plain': {}, 'f:whole': {} } });
    expect(fieldsOf(body, 'one')).toEqual({ 'f:spec': { 'f:size': {} } });
  });
  it('of a list with two keys are told apart by both, with the default for the one that is missing', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, pairs: [{ a: 1, value: 1 }, { a: 1, b: 'y', value: 2 }] }));
    const { body } = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { pairs: [{ a: 1, b: 'x', value: 1 }, { a: 2, b: 'x' }] }));
    expect(body.spec.pairs).toHaveLength(3);
    const conflict = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { pairs: [{ a: 1, value: 9 }] }));
    expect(conflict.body.details.causes[0].field).toBe('.spec.pairs[a=1,b="x"].value');
  });
  it('below an open schema are owned field by field, and lists there as a whole', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, free: { a: { x: 1 }, list: [1] } }));
    const { status, body } = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { free: { a: { y: 2 } } }));
    expect(status).toBe(200);
    expect(body.spec.free).toEqual({ a: { x: 1, y: 2 }, list: [1] });
    const conflict = await bed.client.apply(`${widgets(ns)}/w`, 'two', widget('w', { free: { list: [2] } }));
    expect(conflict.body.details.causes[0].field).toBe('.spec.free.list');
  });
  it('of nested lists merge at every depth', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${deployments(ns)}/web`, 'one', deployment('web'));
    const env = (name: string, value: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template: { spec: { containers: [{ name: 'web', env: [{ name, value }] }] } } } });
    await bed.client.apply(`${deployments(ns)}/web`, 'two', env('A', '1'));
    const { body } = await bed.client.apply(`${deployments(ns)}/web`, 'three', env('B', '2'));
    const web = (body.spec.template.spec.containers as { name: string; env: { name: string }[] }[]).find(({ name }) => name === 'web');
    expect(web?.env.map(({ name }) => name).sort()).toEqual(['A', 'B']);
  });
  it('that share a port number are told apart by protocol', async () => {
    const ns = await bed.client.namespace();
    const service = (ports: unknown[]) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'dns' }, spec: { ports } });
    await bed.client.apply(`${services(ns)}/dns`, 'one', service([{ name: 'tcp', port: 53 }]));
    const { body } = await bed.client.apply(`${services(ns)}/dns`, 'two', service([{ name: 'udp', port: 53, protocol: 'UDP' }]));
    expect(body.spec.ports.map(({ protocol }: { protocol: string }) => protocol).sort()).toEqual(['TCP', 'UDP']);
  });
});

describe('ownership', () => {
  it('of a co-owner who changes nothing keeps its time, and so does the object its version', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v' }));
    const { body: shared } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'v' }));
    await sleep(1_100);
    const { body: again } = await bed.client.apply(`${configMaps(ns)}/a`, 'two', configMap('a', { k: 'v' }));
    expect(again).toEqual(shared);
    const { body: changed } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'w' }));
    const timeOf = (body: { metadata: { managedFields?: Entry[] } }, manager: string) => entriesOf(body).find((entry) => entry.manager === manager)?.time;
    expect(timeOf(changed, 'two')).toBe(timeOf(shared, 'two'));
    expect(timeOf(changed, 'one')).not.toBe(timeOf(shared, 'one'));
  });
  it('is one applier over several served versions', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1, tags: ['a'] }));
    const { body } = await bed.client.apply(`${widgets(ns, 'v1beta1')}/w`, 'one', widget('w', { size: 2 }, 'v1beta1'));
    expect(entriesOf(body)).toHaveLength(1);
    expect(entriesOf(body)[0]).toMatchObject({ manager: 'one', apiVersion: 'example.test/v1beta1', fieldsV1: { 'f:spec': { 'f:size': {} } } });
    expect(body.spec.tags).toBeUndefined();
  });
  it('is one updater per version', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(`${widgets(ns)}?fieldManager=hand`, widget('w', { size: 1 }));
    const { body } = await bed.client.patch(`${widgets(ns, 'v1beta1')}/w?fieldManager=hand`, MERGE, { spec: { max: 9 } });
    expect(entriesOf(body).map(({ apiVersion }) => apiVersion).sort()).toEqual(['example.test/v1', 'example.test/v1beta1']);
  });
  it('of what a JSON patch adds goes to its manager, and of what it removes to nobody', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'v' }));
    const { body } = await bed.client.patch(`${configMaps(ns)}/a?fieldManager=hand`, JSON_PATCH, [{ op: 'add', path: '/data/new', value: 'x' }, { op: 'remove', path: '/data/k' }]);
    expect(fieldsOf(body, 'hand')).toEqual({ 'f:data': { 'f:new': {} } });
    expect(fieldsOf(body, 'one')).toEqual({ 'f:data': { 'f:l': {} } });
  });
  it('of an object that nobody tracks any more begins with before-first-apply', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
    await bed.client.patch(`${configMaps(ns)}/a`, MERGE, { metadata: { managedFields: [{}] } });
    const { status, body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'w' }));
    expect(status).toBe(409);
    expect(body.details.causes[0].message).toMatch(/^conflict with "before-first-apply" using v1/);
  });
  it('through /status never covers the spec, and the other way round', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.apply(`${widgets(ns)}/w`, 'one', { ...widget('w', { size: 1 }), status: { phase: 'Ready' } });
    expect(made.status).toBeUndefined();
    expect(fieldsOf(made, 'one')).toEqual({ 'f:spec': { 'f:size': {} } });
    const { body } = await bed.client.apply(`${widgets(ns)}/w/status`, 'one', { ...widget('w', { size: 9 }), status: { phase: 'Ready' } });
    expect(body.spec.size).toBe(1);
    expect(entriesOf(body).map(({ subresource }) => subresource ?? '').sort()).toEqual(['', 'status']);
    expect(entriesOf(body).find(({ subresource }) => subresource === 'status')?.fieldsV1).toEqual({ 'f:status': { 'f:phase': {} } });
  });
  it('conflicts over status name the subresource', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${widgets(ns)}/w`, 'one', widget('w', { size: 1 }));
    const status = (phase: string) => ({ apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name: 'w' }, status: { phase } });
    await bed.client.apply(`${widgets(ns)}/w/status`, 'one', status('Ready'));
    const { body } = await bed.client.apply(`${widgets(ns)}/w/status`, 'two', status('Lost'));
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "one" with subresource "status": .status.phase');
  });
  it('of finalizers, owners, labels and annotations is by item', async () => {
    const ns = await bed.client.namespace();
    const { body: owner } = await bed.client.post(configMaps(ns), configMap('owner'));
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'a',
        labels: { l: '1' },
        annotations: { 'example.test/note': 'x' },
        finalizers: ['example.test/hold'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }],
      },
    });
    expect(fieldsOf(body, 'one')).toEqual({
      'f:metadata': {
        'f:annotations': { 'f:example.test/note': {} },
        'f:finalizers': { 'v:"example.test/hold"': {} },
        'f:labels': { 'f:l': {} },
        'f:ownerReferences': { [`k:{"uid":"${String(owner.metadata.uid)}"}`]: {} },
      },
    });
  });
  it('is forced by the same manager against the hand that changed it, and only there', async () => {
    const ns = await bed.client.namespace();
    await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'v' }));
    await bed.client.patch(`${configMaps(ns)}/a?fieldManager=hand`, MERGE, { data: { k: 'tampered', own: 'x' } });
    const { body } = await bed.client.apply(`${configMaps(ns)}/a`, 'one', configMap('a', { k: 'v', l: 'v' }), true);
    expect(body.data).toEqual({ k: 'v', l: 'v', own: 'x' });
    expect(fieldsOf(body, 'hand')).toEqual({ 'f:data': { 'f:own': {} } });
  });
});
