import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions, sailCustomResourceDefinitions } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import type { InProcessCluster } from '../fixtures/in-process-cluster.ts';
import { createInProcessCluster } from '../fixtures/in-process-cluster.ts';
import { listAt, mapAt, thaw } from '../kinds/field.ts';
import { compareVersions } from './custom-resources.ts';

const GROUP = 'apiextensions.k8s.io';
const CRDS = 'customresourcedefinitions';
let cluster: InProcessCluster;
beforeEach(async () => {
  cluster = createInProcessCluster();
  await cluster.settle();
});
afterEach(() => cluster.stop());

function crd(plural: string, kind: string, options: { schema?: Record<string, unknown>; versions?: unknown[]; shortNames?: string[]; group?: string; name?: string; scope?: string } = {}): KubeObject {
  const group = options.group ?? 'example.com';
  return {
    apiVersion: `${GROUP}/v1`, kind: 'CustomResourceDefinition', metadata: { name: options.name ?? `${plural}.${group}` },
    spec: {
      group, scope: options.scope ?? 'Namespaced', names: { plural, kind, ...(options.shortNames ? { shortNames: options.shortNames } : {}) },
      versions: options.versions ?? [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: options.schema ?? { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3 } } } } } } }],
    },
  };
}
const widget = (name: string, spec: Record<string, unknown> = {}, fields: Record<string, unknown> = {}): KubeObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace: 'default', ...fields }, spec });
const conditions = (name: string): unknown[] => listAt(cluster.get(GROUP, CRDS, name), 'status', 'conditions').map((condition) => [condition['type'], condition['status'], condition['reason']]);

describe('a CustomResourceDefinition', () => {
  it('is established and served when its write is answered', () => {
    cluster.create(crd('widgets', 'Widget'));
    expect(conditions('widgets.example.com')).toEqual([['NamesAccepted', 'True', 'NoConflicts'], ['Established', 'True', 'InitialNamesAccepted']]);
    expect(cluster.get(GROUP, CRDS, 'widgets.example.com')?.['status']).toMatchObject({ storedVersions: ['v1'], acceptedNames: { plural: 'widgets', singular: 'widget', listKind: 'WidgetList' } });
    expect(cluster.create(widget('one'))).toMatchObject({ spec: { size: 3 } });
  });

  it('takes its objects with it, and its finalizer holds it until they are gone', async () => {
    cluster.create(crd('widgets', 'Widget'));
    cluster.create(widget('free'));
    const held = cluster.create(widget('held', {}, { finalizers: ['example.com/hold'] }));
    cluster.delete(GROUP, CRDS, 'widgets.example.com');
    await cluster.settle();
    expect(cluster.get(GROUP, CRDS, 'widgets.example.com')?.metadata.deletionTimestamp).toBeDefined();
    expect(cluster.list('example.com', 'widgets').map((object) => object.metadata.name)).toEqual(['held']);
    const released = thaw(cluster.get('example.com', 'widgets', 'held', 'default') ?? held);
    delete released.metadata.finalizers;
    cluster.update(released);
    await cluster.settle();
    expect(cluster.get(GROUP, CRDS, 'widgets.example.com')).toBeUndefined();
    expect(cluster.registry.find('example.com', 'v1', 'widgets')).toBeUndefined();
  });

  it('waits for names that another one has, and gets them when that one goes', async () => {
    cluster.create(crd('widgets', 'Widget', { shortNames: ['wg'] }));
    cluster.create(crd('wagons', 'Wagon', { shortNames: ['wg'] }));
    expect(conditions('wagons.example.com')).toEqual([['NamesAccepted', 'False', 'ShortNamesConflict'], ['Established', 'False', 'NotAccepted']]);
    expect(cluster.registry.find('example.com', 'v1', 'wagons')).toBeUndefined();
    cluster.delete(GROUP, CRDS, 'widgets.example.com');
    await cluster.settle();
    expect(cluster.registry.find('example.com', 'v1', 'wagons')).toBeDefined();
  });

  it('serves several versions of one object, and follows what becomes served', () => {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const version = (name: string, served: boolean, storage: boolean) => ({ name, served, storage, schema });
    const created = cluster.create(crd('widgets', 'Widget', { versions: [version('v1beta1', true, false), version('v1', true, true)] }));
    cluster.create(widget('one', { any: 'thing' }));
    const old = cluster.info('example.com', 'widgets', 'v1beta1');
    expect(cluster.store.get(old, 'default', 'one')).toMatchObject({ apiVersion: 'example.com/v1beta1', spec: { any: 'thing' } });
    const next = thaw(cluster.get(GROUP, CRDS, 'widgets.example.com') ?? created);
    cluster.update({ ...next, spec: { ...mapAt(next, 'spec'), versions: [version('v1beta1', false, false), version('v1', true, true)] } });
    expect(cluster.registry.find('example.com', 'v1beta1', 'widgets')).toBeUndefined();
    expect(cluster.registry.find('example.com', 'v1', 'widgets')).toBeDefined();
  });

  it('validates and defaults by the schema that it has now', () => {
    const created = cluster.create(crd('widgets', 'Widget'));
    cluster.create(widget('one', { size: 1 }));
    const next = thaw(cluster.get(GROUP, CRDS, 'widgets.example.com') ?? created);
    const schema = { type: 'object', properties: { spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 5 } } } } };
    cluster.update({ ...next, spec: { ...mapAt(next, 'spec'), versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] } });
    expect(() => cluster.create(widget('two', { size: 1 }))).toThrow('spec.size: Invalid value: 1: spec.size in body should be greater than or equal to 5');
    expect(() => cluster.create(widget('two'))).toThrow('spec.size: Required value');
  });

  it.each<[string, KubeObject, string]>([
    ['a name that is not plural and group', crd('widgets', 'Widget', { name: 'widget.example.com' }), 'metadata.name: Invalid value: "widget.example.com": must be spec.names.plural+"."+spec.group'],
    ['a group without a dot', crd('widgets', 'Widget', { group: 'example' }), 'spec.group: Invalid value: "example": should be a domain with at least one dot'],
    ['no scope', crd('widgets', 'Widget', { scope: 'Galaxy' }), 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'],
    ['a version without schema', crd('widgets', 'Widget', { versions: [{ name: 'v1', served: true, storage: true }] }), 'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
    ['two storage versions', crd('widgets', 'Widget', { versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } })) }), 'must have exactly one version marked as storage version'],
    ['a field without type', crd('widgets', 'Widget', { schema: { type: 'object', properties: { spec: { properties: {} } } } }), 'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields'],
    ['a root that is no object', crd('widgets', 'Widget', { schema: { type: 'string' } }), 'spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root'],
    ['fields declared in a combinator alone', crd('widgets', 'Widget', { schema: { type: 'object', properties: { spec: { type: 'object', anyOf: [{ properties: { a: { minLength: 1 } } }] } } } }), 'Required value: because it is defined in spec.validation.openAPIV3Schema.properties[spec].anyOf[0].properties[a]'],
    ['a map list without keys', crd('widgets', 'Widget', { schema: { type: 'object', properties: { spec: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } } } }), 'x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map'],
  ])('is refused with %s', (_what, definition, message) => {
    expect(() => cluster.create(definition)).toThrow(message);
  });

  it('may not change its scope or its kind once it is established', () => {
    const created = cluster.create(crd('widgets', 'Widget'));
    const next = thaw(cluster.get(GROUP, CRDS, 'widgets.example.com') ?? created);
    expect(() => cluster.update({ ...next, spec: { ...mapAt(next, 'spec'), scope: 'Cluster' } })).toThrow('spec.scope: Invalid value: "Cluster": field is immutable');
  });
});

it('accepts every definition of Istio, the Gateway API and Sail Operator', () => {
  const definitions = [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions(), ...sailCustomResourceDefinitions()];
  for (const definition of definitions) cluster.create(definition);
  const established = cluster.list(GROUP, CRDS).filter((object) => listAt(object, 'status', 'conditions').every((condition) => condition['status'] === 'True'));
  expect(established).toHaveLength(definitions.length);
});

it('orders versions as Kubernetes does', () => {
  expect(['foo1', 'v11alpha2', 'v1', 'v3beta1', 'v12alpha1', 'v2', 'foo10', 'v10', 'v11beta2', 'v10beta3'].toSorted(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10']);
});
