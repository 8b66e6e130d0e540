import { describe, expect, it } from 'vitest';
import { eventually, MERGE } from './client.ts';
import { WIDGET_DEFINITION, widget, widgets } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster([WIDGET_DEFINITION]);
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe('a definition', () => {
  it('is served once it is established', async () => {
    const { body } = await bed.client.get(`${definitions}/widgets.example.test`);
    const conditions: { type: string; status: string }[] = body.status.conditions;
    expect(conditions.filter(({ status }) => status === 'True').map(({ type }) => type).sort()).toEqual(['Established', 'NamesAccepted']);
    expect(body.status.storedVersions).toEqual(['v1']);
    const { body: group } = await bed.client.get('/apis/example.test/v1');
    expect(group.resources.map(({ name }: { name: string }) => name).sort()).toEqual(['widgets', 'widgets/status']);
  });
  it('is refused when its schema is not structural', async () => {
    const { status, body } = await bed.client.post(definitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.test' },
      spec: {
        group: 'example.test',
        scope: 'Cluster',
        names: { kind: 'Thing', plural: 'things' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { properties: { x: { type: 'string' } } } } } } }],
      },
    });
    expect(status).toBe(422);
    expect(body.message).toContain('type: Required value: must not be empty for specified object fields');
  });
  it('is refused when its name is not plural.group', async () => {
    const { status, body } = await bed.client.post(definitions, { ...WIDGET_DEFINITION, metadata: { name: 'wrong.example.test' } });
    expect(status).toBe(422);
    expect(body.details.causes.some(({ field }: { field: string }) => field === 'metadata.name')).toBe(true);
  });
  it('takes its objects with it, and serves them no more', async () => {
    const ns = await bed.client.namespace();
    const definition = { ...structuredClone(WIDGET_DEFINITION), metadata: { name: 'gadgets.example.test' }, spec: { ...WIDGET_DEFINITION['spec'] as object, names: { kind: 'Gadget', plural: 'gadgets', singular: 'gadget', listKind: 'GadgetList' } } };
    const gadgets = `/apis/example.test/v1/namespaces/${ns}/gadgets`;
    expect((await bed.client.post(definitions, definition)).status).toBe(201);
    await eventually(async () => (await bed.client.get(gadgets)).status === 200);
    await eventually(async () => (await bed.client.post(gadgets, { apiVersion: 'example.test/v1', kind: 'Gadget', metadata: { generateName: 'g-' }, spec: { size: 1 } })).status === 201);
    await bed.client.delete(`${definitions}/gadgets.example.test`);
    await eventually(async () => (await bed.client.get(`${definitions}/gadgets.example.test`)).status === 404);
    await eventually(async () => (await bed.client.get(gadgets)).status === 404);
    await bed.client.post(definitions, definition);
    await eventually(async () => (await bed.client.get(gadgets)).status === 200);
    expect((await bed.client.get(gadgets)).body.items).toEqual([]);
  });
});

describe('an object', () => {
  it('gets its defaults and loses what the schema does not know', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(widgets(ns), widget('w', { size: 1, unknown: true, ports: [{ port: 1 }], free: { any: { thing: 1 } } }));
    expect(status).toBe(201);
    expect(body.spec).toEqual({ size: 1, color: 'green', ports: [{ port: 1, protocol: 'TCP' }], free: { any: { thing: 1 } } });
  });
  it.each([
    ['a missing field', {}, 'FieldValueRequired', 'spec.size', 'Required value'],
    ['a wrong type', { size: 'big' }, 'FieldValueTypeInvalid', 'spec.size', 'must be of type integer: "string"'],
    ['below the minimum', { size: 0 }, 'FieldValueInvalid', 'spec.size', 'should be greater than or equal to 1'],
    ['above the maximum', { size: 101 }, 'FieldValueInvalid', 'spec.size', 'should be less than or equal to 100'],
    ['not in the enumeration', { size: 1, color: 'blue' }, 'FieldValueNotSupported', 'spec.color', 'supported values: "red", "green"'],
    ['too long', { size: 1, owner: 'x'.repeat(11) }, 'FieldValueTooLong', 'spec.owner', 'may not be more than 10'],
    ['twice in a set', { size: 1, tags: ['a', 'a'] }, 'FieldValueDuplicate', 'spec.tags[1]', 'Duplicate value: "a"'],
    ['twice in a map', { size: 1, ports: [{ port: 1 }, { port: 1 }] }, 'FieldValueDuplicate', 'spec.ports[1]', 'Duplicate value'],
    ['a CEL rule', { size: 5, max: 4 }, 'FieldValueInvalid', 'spec', 'size must not exceed max'],
  ])('is refused for %s', async (_what, spec, reason, field, message) => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(widgets(ns), widget('w', spec));
    expect(status).toBe(422);
    expect(body).toMatchObject({ reason: 'Invalid', details: { name: 'w', group: 'example.test', kind: 'Widget' } });
    expect(body.message).toMatch(/^Widget\.example\.test "w" is invalid: /);
    const cause = (body.details.causes as { reason: string; field: string; message: string }[]).find((it) => it.field === field);
    expect(cause?.reason).toBe(reason);
    expect(cause?.message).toContain(message);
  });
  it('takes null where the schema is nullable, and drops it elsewhere', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.post(widgets(ns), widget('w', { size: 1, note: null, color: null }));
    expect(body.spec).toEqual({ size: 1, note: null, color: 'green' });
  });
  it('takes a number or a string where both may stand', async () => {
    const ns = await bed.client.namespace();
    expect((await bed.client.post(widgets(ns), widget('number', { size: 1, amount: 5 }))).status).toBe(201);
    expect((await bed.client.post(widgets(ns), widget('string', { size: 1, amount: '50%' }))).status).toBe(201);
    expect((await bed.client.post(widgets(ns), widget('neither', { size: 1, amount: true }))).status).toBe(422);
  });
  it('is held to transition rules on update', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 1, owner: 'ada' }));
    const { status, body } = await bed.client.patch(`${widgets(ns)}/w`, MERGE, { spec: { owner: 'eve' } });
    expect(status).toBe(422);
    expect(body.message).toContain('owner is immutable');
    expect((await bed.client.patch(`${widgets(ns)}/w`, MERGE, { spec: { size: 2 } })).status).toBe(200);
  });
  it('is refused for unknown fields when validation is Strict, naming their paths', async () => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.post(`${widgets(ns)}?fieldValidation=Strict`, widget('w', { size: 1, unknown: true, ports: [{ port: 1, x: 1 }] }));
    expect(status).toBe(400);
    expect(body.message).toContain('unknown field "spec.unknown"');
    expect(body.message).toContain('unknown field "spec.ports[0].x"');
  });
  it('can be read in each served version', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns, 'v1beta1'), widget('w', { size: 1 }, 'v1beta1'));
    expect((await bed.client.get(`${widgets(ns)}/w`)).body.apiVersion).toBe('example.test/v1');
    expect((await bed.client.get(`${widgets(ns, 'v1beta1')}/w`)).body.apiVersion).toBe('example.test/v1beta1');
    expect((await bed.client.get(widgets(ns, 'v2'))).status).toBe(404);
  });
  it('changes its status only through the subresource, and its generation only with its spec', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(widgets(ns), { ...widget('w', { size: 1 }), status: { phase: 'Ignored' } });
    expect(made.status).toBeUndefined();
    expect(made.metadata.generation).toBe(1);
    const { body } = await bed.client.patch(`${widgets(ns)}/w/status`, MERGE, { spec: { size: 9 }, status: { phase: 'Ready' } });
    expect(body).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' }, metadata: { generation: 1 } });
    const { body: changed } = await bed.client.patch(`${widgets(ns)}/w`, MERGE, { spec: { size: 2 }, status: { phase: 'No' } });
    expect(changed).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' }, metadata: { generation: 2 } });
  });
  it('loses track of its owners when a status is written with a body that does not fit the schema', async () => {
    const ns = await bed.client.namespace();
    const { body: made } = await bed.client.post(widgets(ns), widget('w', { size: 1 }));
    expect(made.metadata.managedFields).toHaveLength(1);
    const { status, body } = await bed.client.put(`${widgets(ns)}/w/status`, { ...made, spec: { size: 'big' }, status: { phase: 'Ready' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } });
    expect(body.metadata.managedFields).toBeUndefined();
  });
  it('shows its printer columns in a Table', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(widgets(ns), widget('w', { size: 7 }));
    const { body } = await bed.client.get(widgets(ns), { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Size']);
    expect(body.rows[0].cells).toEqual(['w', 7]);
  });
});
