import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SchemaNode } from '../seam.ts';
import { StatusError } from '../server/status-error.ts';
import { applyConfiguration, trackUpdate, type FieldContext } from './field-manager.ts';
import { FieldSet } from './field-set.ts';
import { formatPath } from './path-element.ts';
import { rootNode } from './shape.ts';

const text: SchemaNode = { type: 'string' };
const spec: SchemaNode = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    paused: { type: 'boolean' },
    hosts: { type: 'array', items: text },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: { type: 'object', properties: { port: { type: 'integer' }, protocol: { ...text, default: 'TCP' }, name: text } },
    },
    selector: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: text },
    nested: { type: 'object', properties: { a: text, b: text } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const node = rootNode({ type: 'object', properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } });
let clock = 0;
const tick = (): string => new Date(Date.UTC(2026, 0, 1) + (clock += 1_000)).toISOString().replace('.000', '');

function by(manager: string, rest: Partial<FieldContext> = {}): FieldContext {
  return { manager, apiVersion: 'example.com/v1', subresource: '', node, resetFields: new FieldSet(), knowsVersion: (version) => version.startsWith('example.com/'), now: tick(), ...rest };
}
const config = (fields: Record<string, unknown>, metadata: KubeObject['metadata'] = {}): KubeObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', ...metadata }, spec: fields });
const nothing: KubeObject = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: {} };
const apply = (live: KubeObject, manager: string, fields: Record<string, unknown>, force = false): KubeObject => withUid(applyConfiguration(live, config(fields), by(manager), force).object);
const withUid = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, uid: 'u' } });
const update = (live: KubeObject, manager: string, fields: Record<string, unknown>): KubeObject => trackUpdate(live, { ...live, spec: fields }, by(manager), undefined);
const owners = (object: KubeObject, manager: string): string[] =>
  (object.metadata.managedFields ?? []).filter((entry) => entry.manager === manager).flatMap((entry) => FieldSet.fromFieldsV1(entry.fieldsV1)?.paths().map(formatPath) ?? []);

function refusal(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new TypeError('it was not refused');
}

describe('server-side apply', () => {
  it('creates with the applied fields as the applier\'s own', () => {
    const object = apply(nothing, 'one', { replicas: 1, hosts: ['a'], nested: { a: 'x' } });
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'example.com/v1',
        time: expect.any(String),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:hosts': {}, 'f:nested': { 'f:a': {} }, 'f:replicas': {} } },
      },
    ]);
  });

  it('names field and manager when another applier owns what would change', () => {
    const live = apply(nothing, 'one', { replicas: 1 });
    const { status } = refusal(() => apply(live, 'two', { replicas: 2 }));
    expect(status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' }] },
    });
  });

  it('groups many conflicts by manager', () => {
    const live = apply(apply(nothing, 'one', { replicas: 1, paused: true }), 'two', { nested: { a: 'x' } });
    const { status } = refusal(() => apply(live, 'three', { replicas: 2, paused: false, nested: { a: 'y' } }));
    expect(status.message).toBe('Apply failed with 3 conflicts: conflicts with "one":\n- .spec.paused\n- .spec.replicas\nconflicts with "two":\n- .spec.nested.a');
  });

  it('says by which version an updater took the field', () => {
    const live = update(apply(nothing, 'one', { replicas: 1 }), 'kubectl-edit', { replicas: 5 });
    expect(refusal(() => apply(live, 'one', { replicas: 1 })).status.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using example.com/v1: .spec.replicas',
    );
  });

  it('shares what two appliers agree on, and drops it only with the last of them', () => {
    const shared = apply(apply(nothing, 'one', { replicas: 1, paused: true }), 'two', { replicas: 1 });
    expect([owners(shared, 'one'), owners(shared, 'two')]).toEqual([['.spec.paused', '.spec.replicas'], ['.spec.replicas']]);
    const left = apply(shared, 'one', { paused: true });
    expect(left['spec']).toEqual({ replicas: 1, paused: true });
    expect(apply(left, 'two', { nested: { a: 'x' } })['spec']).toEqual({ paused: true, nested: { a: 'x' } });
  });

  it('takes the field from its owner when forced', () => {
    const forced = apply(apply(nothing, 'one', { replicas: 1, paused: true }), 'two', { replicas: 2 }, true);
    expect([owners(forced, 'one'), owners(forced, 'two')]).toEqual([['.spec.paused'], ['.spec.replicas']]);
  });

  it('removes fields, set items and list items that it applied before and no longer does', () => {
    const live = apply(nothing, 'one', { replicas: 1, tags: ['a', 'b'], ports: [{ port: 80 }, { port: 81, name: 'x' }], nested: { a: '1', b: '2' } });
    const next = apply(live, 'one', { tags: ['b'], ports: [{ port: 81 }], nested: { b: '2' } });
    expect(next['spec']).toEqual({ tags: ['b'], ports: [{ port: 81 }], nested: { b: '2' } });
  });

  it('leaves alone what others added to a shared map or list', () => {
    const live = apply(nothing, 'one', { tags: ['a'], ports: [{ port: 80 }], nested: { a: '1' } });
    const added = update(live, 'other', { tags: ['a', 'z'], ports: [{ port: 80 }, { port: 90 }], nested: { a: '1', b: '2' } });
    expect(apply(added, 'one', { replicas: 1 })['spec']).toEqual({ tags: ['z'], ports: [{ port: 90 }], nested: { b: '2' }, replicas: 1 });
  });

  it('takes the default of a key that is left out for its value', () => {
    const live = apply(nothing, 'one', { ports: [{ port: 80, protocol: 'TCP', name: 'a' }] });
    expect(apply(live, 'one', { ports: [{ port: 80, name: 'b' }] })['spec']).toEqual({ ports: [{ port: 80, name: 'b' }] });
    expect(owners(live, 'one')).toContain('.spec.ports[port=80,protocol="TCP"].name');
  });

  it('owns atomic maps and lists as a whole', () => {
    const live = apply(nothing, 'one', { selector: { a: '1' }, hosts: ['x'] });
    expect(owners(live, 'one')).toEqual(['.spec.hosts', '.spec.selector']);
    expect(refusal(() => apply(live, 'two', { selector: { b: '2' } })).status.details?.causes).toHaveLength(1);
    expect(apply(live, 'two', { selector: { b: '2' } }, true)['spec']).toEqual({ selector: { b: '2' }, hosts: ['x'] });
  });

  it('keeps time and object when nothing changes', () => {
    const live = apply(nothing, 'one', { replicas: 1 });
    const again = applyConfiguration(live, config({ replicas: 1 }), by('one'), false);
    expect(again.changed).toBe(false);
    expect(again.object).toEqual(live);
  });

  it('gives what was there before the first apply to before-first-apply', () => {
    const live = withUid(config({ replicas: 3 }));
    expect(refusal(() => apply(live, 'one', { replicas: 1 })).status.message).toContain('conflict with "before-first-apply" using example.com/v1: .spec.replicas');
    expect(owners(apply(live, 'one', { replicas: 3 }), 'before-first-apply')).toContain('.spec.replicas');
  });

  it('gives it to the endpoint that the apply goes to', () => {
    const applied = applyConfiguration(withUid(config({ replicas: 3 })), { ...nothing, metadata: { name: 'w' } }, by('one', { subresource: 'status' }), false).object;
    expect(applied.metadata.managedFields?.find((entry) => entry.manager === 'before-first-apply')).toMatchObject({ operation: 'Update', subresource: 'status' });
  });

  it('refuses to lay anything over a live object that does not fit its schema, tracked or not', () => {
    const untyped = { ports: 5 };
    expect(refusal(() => apply(withUid(config(untyped)), 'one', {})).status).toMatchObject({
      code: 500,
      message: expect.stringContaining('failed to create manager for existing fields: failed to convert new object (/w; example.com/v1, Kind=Widget) to smd typed: .spec.ports: expected list, got &{5}'),
    });
    const tracked = { ...apply(nothing, 'one', { replicas: 1 }), spec: untyped };
    expect(refusal(() => apply(tracked, 'one', { replicas: 2 })).status.message).toContain('failed to create typed live object (/w; example.com/v1, Kind=Widget): .spec.ports: expected list, got &{5}');
  });

  it('lets kubectl take over what its own annotation says it applied', () => {
    const annotation = JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { replicas: 1 } });
    const metadata = { name: 'w', uid: 'u', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': annotation } };
    const live = trackUpdate(undefined, { ...config({ replicas: 1 }), metadata }, by('kubectl-client-side-apply'), { metadata: {} });
    expect(apply(live, 'kubectl', { replicas: 2 })['spec']).toEqual({ replicas: 2 });
    expect(refusal(() => apply(live, 'someone', { replicas: 2 })).status.code).toBe(409);
  });

  it.each([
    [{ wrong: 1 }, '.spec.wrong: field not declared in schema'],
    [{ replicas: 'many' }, '.spec.replicas: expected numeric (int or float), got string'],
    [{ tags: ['a', 'a'] }, '.spec.tags: duplicate entries for key [="a"]'],
    [{ nested: [] }, '.spec.nested: expected map, got &{[]}'],
  ])('refuses %j', (fields, why) => {
    expect(refusal(() => apply(nothing, 'one', fields)).status.message).toBe(`failed to create typed patch object (/w; example.com/v1, Kind=Widget): ${why}`);
  });

  it('refuses managedFields and another version in the configuration', () => {
    expect(refusal(() => applyConfiguration(nothing, config({}, { managedFields: [] }), by('one'), false)).status.message).toBe('metadata.managedFields must be nil');
    expect(refusal(() => applyConfiguration(nothing, config({}), by('one', { apiVersion: 'example.com/v2' }), false)).status.message).toContain('Incorrect version specified in apply patch');
  });

  it('never owns what the endpoint resets', () => {
    const applied = applyConfiguration(nothing, { ...config({ replicas: 1 }), status: { ready: true } }, by('one', { resetFields: FieldSet.of(['f:status']) }), false);
    expect(owners(applied.object, 'one')).toEqual(['.spec.replicas']);
  });

  it('drops managers of versions that are served no more', () => {
    const live = apply(nothing, 'one', { replicas: 1 });
    const old = { ...live, metadata: { ...live.metadata, managedFields: [{ ...live.metadata.managedFields?.[0], apiVersion: 'gone.example/v1' }] } };
    expect(owners(apply(old, 'two', { replicas: 2 }), 'one')).toEqual([]);
  });
});

describe('drift', () => {
  it('shows as an Update entry of who did it, taken from the applier', () => {
    const drifted = update(apply(nothing, 'meshfleet', { replicas: 1, paused: true }), 'kubectl-edit', { replicas: 9, paused: true });
    expect(drifted.metadata.managedFields?.map(({ manager, operation }) => `${operation} ${manager}`)).toEqual(['Apply meshfleet', 'Update kubectl-edit']);
    expect([owners(drifted, 'meshfleet'), owners(drifted, 'kubectl-edit')]).toEqual([['.spec.paused'], ['.spec.replicas']]);
  });

  it('shows a removed field as owned by nobody', () => {
    const drifted = update(apply(nothing, 'meshfleet', { replicas: 1, paused: true }), 'kubectl-edit', { paused: true });
    expect(owners(drifted, 'meshfleet')).toEqual(['.spec.paused']);
    expect(owners(drifted, 'kubectl-edit')).toEqual([]);
  });

  it('does not take what an update leaves as it is', () => {
    const live = apply(nothing, 'meshfleet', { replicas: 1 });
    expect(update(live, 'other', { replicas: 1 })).toEqual(live);
  });

  it('is gone after a forced apply', () => {
    const drifted = update(apply(nothing, 'meshfleet', { replicas: 1 }), 'kubectl-edit', { replicas: 9 });
    const repaired = apply(drifted, 'meshfleet', { replicas: 1 }, true);
    expect([repaired['spec'], owners(repaired, 'kubectl-edit'), owners(repaired, 'meshfleet')]).toEqual([{ replicas: 1 }, [], ['.spec.replicas']]);
  });
});

describe('tracked updates', () => {
  it('owns all that a create sets, and the maps that it makes', () => {
    const created = trackUpdate(undefined, config({ nested: { a: '1' } }, { labels: { app: 'x' } }), by('creator'), { metadata: {} });
    expect(created.metadata.managedFields?.[0]?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': { '.': {}, 'f:nested': { '.': {}, 'f:a': {} } },
    });
  });

  it('folds the oldest updaters together beyond ten', () => {
    let live = trackUpdate(undefined, config({ open: {} }), by('m0'), { metadata: {} });
    for (let index = 1; index <= 14; index += 1) live = trackUpdate(withUid(live), { ...live, spec: { open: { ...(live['spec'] as { open: object }).open, [`k${index}`]: index } } }, by(`m${index}`), undefined);
    const managers = live.metadata.managedFields?.map((entry) => entry.manager) ?? [];
    expect(managers).toHaveLength(10);
    expect(managers).toContain('ancient-changes');
    expect(owners(live, 'ancient-changes')).toContain('.spec.open.k1');
  });

  it('can be reset by the client, and stays off until the next apply', () => {
    const live = withUid(apply(nothing, 'one', { replicas: 1 }));
    const reset = trackUpdate(live, { ...live, metadata: { ...live.metadata, managedFields: [] } }, by('x'), undefined);
    expect(reset.metadata.managedFields).toBeUndefined();
    expect(update(reset, 'y', { replicas: 2 }).metadata.managedFields).toBeUndefined();
  });

  it('separates the status from the main resource', () => {
    const live = apply(nothing, 'one', { replicas: 1 });
    const next = trackUpdate(live, { ...live, status: { ready: true } }, by('controller', { subresource: 'status' }), undefined);
    expect(next.metadata.managedFields?.find((entry) => entry.subresource === 'status')).toMatchObject({ manager: 'controller', operation: 'Update' });
  });
});

const specs = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 3 }),
    hosts: fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 2 }),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    nested: fc.record({ a: fc.constantFrom('1', '2'), b: fc.constantFrom('1', '2') }, { requiredKeys: [] }).filter((value) => Object.keys(value).length > 0),
    ports: fc.uniqueArray(fc.record({ port: fc.integer({ min: 80, max: 83 }), name: fc.constantFrom('x', 'y') }), { selector: ({ port }) => port, minLength: 1 }),
  },
  { requiredKeys: [] },
);

describe('whatever is applied', () => {
  it('is there afterwards, and applying it again changes nothing', () => {
    fc.assert(fc.property(specs, specs, specs, (first, second, third) => {
      const live = apply(apply(nothing, 'one', first), 'two', second, true);
      const applied = apply(live, 'one', third, true);
      expect(applied['spec'] ?? {}).toMatchObject(third.tags === undefined && third.ports === undefined ? third : { ...third, ...pick(applied, third) });
      expect(apply(applied, 'one', third)).toEqual(applied);
    }));
  });

  it('goes away with its only applier, and nothing else does', () => {
    fc.assert(fc.property(specs, specs, (mine, theirs) => {
      const both = apply(apply(nothing, 'them', theirs), 'me', mine, true);
      const without = apply(both, 'me', {}, true);
      // An empty spec is still something that I say.
      expect(owners(without, 'me')).toEqual(['.spec']);
      expect(owners(without, 'them')).toEqual(owners(both, 'them'));
    }));
  });

  it('never lets two managers own a leaf whose value they did not both write', () => {
    fc.assert(fc.property(specs, specs, (first, second) => {
      const live = apply(apply(nothing, 'one', first), 'two', second, true);
      const [one, two] = [new Set(owners(live, 'one')), new Set(owners(live, 'two'))];
      if (first.replicas !== undefined && second.replicas !== undefined && first.replicas !== second.replicas) {
        expect([one.has('.spec.replicas'), two.has('.spec.replicas')]).toEqual([false, true]);
      }
    }));
  });
});

/** Associative lists keep the others' items beside mine: check them for containment instead. */
function pick(applied: KubeObject, wanted: { tags?: string[]; ports?: { port: number }[] }): object {
  const actual = applied['spec'] as { tags?: string[]; ports?: { port: number }[] };
  if (wanted.tags !== undefined) expect(actual.tags).toEqual(expect.arrayContaining(wanted.tags));
  if (wanted.ports !== undefined) expect(actual.ports).toEqual(expect.arrayContaining(wanted.ports));
  return { ...(wanted.tags === undefined ? {} : { tags: actual.tags }), ...(wanted.ports === undefined ? {} : { ports: actual.ports }) };
}
