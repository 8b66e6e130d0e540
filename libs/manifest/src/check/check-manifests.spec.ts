import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../catalogue/kind-catalogue.ts';
import type { KindFacts, VersionFacts } from '../facts/kind-facts.ts';
import { parseManifests } from '../parse/parse-manifests.ts';
import type { SchemaNode } from '../schema/schema-node.ts';
import { checkManifests } from './check-manifests.ts';
import type { CheckResult } from './check-manifests.ts';
import { managedGroups } from './managed-groups.ts';

const SPEC: SchemaNode = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', maximum: 9 },
        colour: { type: 'string', default: 'red', enum: ['red', 'green'] },
        note: { type: 'string', nullable: true },
        rules: { type: 'array', items: { type: 'object', properties: { old: { type: 'string' }, mode: { type: 'string' } } } },
      },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const version = (name: string, more: Partial<VersionFacts> = {}): VersionFacts => ({
  name, served: true, storage: false, deprecated: false, subresources: ['status'], printerColumns: [], schema: SPEC, ...more,
});
const kind = (name: string, scope: KindFacts['scope'], group = 'example.com'): KindFacts => ({
  group, kind: name, plural: `${name.toLowerCase()}s`, singular: name.toLowerCase(), scope, shortNames: [], categories: [],
  versions: [
    version('v1alpha1', { deprecated: true, schema: { ...SPEC } }),
    version('v1beta1'),
    version('v1', { storage: true }),
    version('v0', { served: false }),
  ],
});
const catalogue = createCatalogue(
  [kind('Widget', 'Namespaced'), kind('Realm', 'Cluster'), kind('Widget', 'Namespaced', 'other.org')],
  [
    { group: 'example.com', kind: 'Widget', path: 'spec.rules[].old', instead: 'spec.rules[].mode', why: 'It is going.' },
    { group: 'example.com', kind: 'Widget', path: 'spec.rules[].mode=LEGACY', instead: 'nothing', why: 'It does nothing.' },
  ],
);

function check(text: string, defaultNamespace?: string): CheckResult {
  const { documents, problems } = parseManifests(text);
  expect(problems).toEqual([]);
  return checkManifests(documents, catalogue, { manages: managedGroups('example.com'), ...(defaultNamespace === undefined ? {} : { defaultNamespace }) });
}

const widget = (metadata: string, rest = 'spec: {size: 1}'): string => `apiVersion: example.com/v1\nkind: Widget\nmetadata: ${metadata}\n${rest}\n`;
const codes = (text: string): string[] => check(text).problems.map(({ code, where }) => `${code} ${where.line}:${where.column}`);

describe('an object that is kept', () => {
  it('has what its writer wrote: no defaults, no nulls, no status, nothing of a server’s', () => {
    const { objects, warnings } = check(widget('{name: a, namespace: shop, uid: x, managedFields: [], finalizers: [example.com/wait]}', 'spec: {size: 1, note: null, rules: }\nstatus: {ready: true}'));
    expect(objects[0]?.object).toEqual({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a', namespace: 'shop', finalizers: ['example.com/wait'] },
      spec: { size: 1, note: null },
    });
    expect(warnings.map(({ code, summary }) => `${code}: ${summary}`)).toEqual([
      'MANIFEST_STRIPPED: metadata.uid is left out',
      'MANIFEST_STRIPPED: metadata.managedFields is left out',
      'MANIFEST_STRIPPED: status is left out',
    ]);
  });

  it('has nothing that an agent has marked it with, where it was read from a cluster', () => {
    const marks = "{meshfleet.io/policy: p, meshfleet.io/origin: created, meshfleet.io/content: c, meshfleet.io/expires-at: '2026-12-01T18:00:00Z'}";
    const { objects, warnings } = check(widget(`{name: a, namespace: shop, labels: {app: web, meshfleet.io/managed: 'true'}, annotations: ${marks}}`));
    expect(objects[0]?.object.metadata).toEqual({ name: 'a', namespace: 'shop', labels: { app: 'web' }, annotations: { 'meshfleet.io/expires-at': '2026-12-01T18:00:00Z' } });
    expect(warnings.map(({ code, summary }) => `${code}: ${summary}`)).toEqual([
      'MANIFEST_STRIPPED: The label meshfleet.io/managed is left out',
      ...['policy', 'origin', 'content'].map((mark) => `MANIFEST_STRIPPED: The annotation meshfleet.io/${mark} is left out`),
    ]);
  });

  it('is in the most stable version that has its very schema, else in its own, and says so', () => {
    const of = (name: string): CheckResult => check(widget('{name: a, namespace: shop}').replace('/v1\n', `/${name}\n`));
    expect(of('v1').warnings).toEqual([]);
    expect(of('v1beta1').objects[0]?.object.apiVersion).toBe('example.com/v1');
    expect(of('v1beta1').warnings).toMatchObject([{ code: 'MANIFEST_DEPRECATED', fix: 'Write apiVersion: example.com/v1.', where: { line: 1 } }]);
    expect(of('v1alpha1').objects[0]?.object.apiVersion).toBe('example.com/v1alpha1');
    expect(of('v1alpha1').warnings).toMatchObject([{ code: 'MANIFEST_DEPRECATED', summary: 'example.com/v1alpha1 is deprecated' }]);
    expect(of('v0').problems).toMatchObject([{ code: 'MANIFEST_UNKNOWN_KIND', why: 'The versions of this kind are v1alpha1, v1beta1, v1.' }]);
  });

  it('is found in the text again: document, item and line', () => {
    const { objects } = check(`${widget('{name: a, namespace: shop}')}---\nkind: List\napiVersion: v1\nitems:\n- apiVersion: example.com/v1\n  kind: Realm\n  metadata: {name: r}\n  spec: {size: 2}\n`);
    expect(objects.map(({ key, document, item, line }) => [key.kind, key.namespace, document, item, line])).toEqual([
      ['Widget', 'shop', 1, undefined, 1],
      ['Realm', '', 2, 0, 9],
    ]);
  });

  it('gets the default namespace only if its kind has namespaces and it names none', () => {
    const text = `${widget('{name: a}')}---\n${widget('{name: a, namespace: pay}')}---\napiVersion: example.com/v1\nkind: Realm\nmetadata: {name: r}\nspec: {size: 1}\n`;
    expect(check(text, 'shop').objects.map(({ key }) => key.namespace)).toEqual(['shop', 'pay', '']);
  });
});

describe('fields that should not be written any more', () => {
  it('are named item by item, with what to write instead', () => {
    const { warnings } = check(widget('{name: a, namespace: shop}', 'spec:\n  size: 1\n  rules:\n  - mode: NEW\n  - old: x\n  - mode: LEGACY'));
    expect(warnings.map(({ code, where, summary, fix }) => [code, where.line, summary, fix])).toEqual([
      ['MANIFEST_DEPRECATED', 8, 'spec.rules[1].old is deprecated', 'Write spec.rules[].mode instead.'],
      ['MANIFEST_DEPRECATED', 9, 'spec.rules[2].mode: LEGACY is deprecated', 'Remove it.'],
    ]);
  });

  it('of another group’s kind of the same name are none', () => {
    const { documents } = parseManifests(widget('{name: a, namespace: shop}', 'spec: {size: 1, rules: [{old: x}]}').replace('example.com', 'other.org'));
    expect(checkManifests(documents, catalogue, { manages: () => true }).warnings).toEqual([]);
  });
});

describe('an object is refused', () => {
  const shop = '{name: a, namespace: shop}';
  it.each([
    ['of a group that policies do not manage', widget(shop).replace('example.com', 'other.org'), 'MANIFEST_KIND_NOT_MANAGED 2:1'],
    ['of a kind of Kubernetes itself', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n', 'MANIFEST_KIND_NOT_MANAGED 2:1'],
    ['of an unknown kind', widget(shop).replace('Widget', 'Wigdet'), 'MANIFEST_UNKNOWN_KIND 2:1'],
    ['without its required field', widget(shop, 'spec: {}'), 'MANIFEST_INVALID 4:1'],
    ['with a value out of bounds', widget(shop, 'spec:\n  size: 10'), 'MANIFEST_INVALID 5:3'],
    ['with an unknown field', widget(shop, 'spec:\n  size: 1\n  color: red'), 'MANIFEST_INVALID 6:3'],
    ['with metadata that is no mapping', widget('[a]'), 'MANIFEST_INVALID 3:1'],
    ['with finalizers that are no list of texts', widget('{name: a, namespace: shop, finalizers: [1]}'), 'MANIFEST_INVALID 3:38'],
    ['with a name that is a number', widget('{name: 1, namespace: shop}'), 'MANIFEST_INVALID 3:12'],
    ['with a name that Kubernetes does not take', widget('{name: A_b, namespace: shop}'), 'MANIFEST_INVALID 3:12'],
    ['with a label that is too long', widget(`{name: a, namespace: shop, labels: {a: ${'x'.repeat(64)}}}`), 'MANIFEST_INVALID 3:47'],
    ['with too many annotations', widget(`{name: a, namespace: shop, annotations: {a: "${'x'.repeat(256 * 1024)}"}}`), 'MANIFEST_INVALID 3:38'],
    ['that holds a template in quotes', widget('{name: a, namespace: "{{ .Values.ns }}"}'), 'MANIFEST_TEMPLATED 3:21'],
  ])('%s', (_what, text, expected) => {
    expect(codes(text)).toContain(expected);
    expect(check(text).objects).toEqual([]);
  });

  it('for every reason at once, and does not keep its neighbours from being read', () => {
    const broken = widget('{name: A_b, namespace: shop, lables: {}}');
    const { objects, problems } = check(`${broken}---\n${widget('{name: b, namespace: shop}')}`);
    expect(problems.map(({ where }) => where.document)).toEqual([1, 1]);
    expect(objects.map(({ key }) => key.name)).toEqual(['b']);
  });

  it('when it stands twice, also under another version; not when kind or namespace differ', () => {
    const again = widget('{name: a, namespace: shop}').replace('/v1\n', '/v1beta1\n');
    const { problems, objects } = check([widget('{name: a, namespace: shop}'), again, widget('{name: a, namespace: pay}')].join('---\n'));
    expect(problems).toMatchObject([{ code: 'MANIFEST_DUPLICATE', where: { document: 2, line: 8 }, why: expect.stringContaining('v1 and v1beta1') as string }]);
    expect(objects).toHaveLength(2);
  });

  it('and always told why and what to do', () => {
    for (const text of ['kind: A\n', 'apiVersion: [1]\nkind: A\n', widget('{}'), widget(shop, 'spec: {size: x}'), widget(shop, 'spec: 3')]) {
      const { problems } = check(text);
      expect(problems.length).toBeGreaterThan(0);
      for (const { summary, why, fix } of problems) expect([summary, why, fix].every((part) => part.length > 5)).toBe(true);
    }
  });
});
