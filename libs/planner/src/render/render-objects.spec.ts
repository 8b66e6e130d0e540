import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderObjects } from './render-objects.ts';
import { inputsOf, renderingOf } from './rendering-inputs.ts';
import type { Patch, RenderedCluster, Template, Variable } from './template.ts';

const cluster: RenderedCluster = { name: 'fra-1', uid: 'u-1', labels: { env: 'prod', team: 'shop' }, region: 'eu', zone: null, network: 'net-a', mesh: 'shop' };
const object = (spec: unknown, name = 'reviews'): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec });
const variable = (name: string, otherwise: Variable['default'], ...values: Variable['values']): Variable => ({ name, description: null, default: otherwise, values });
const everything = { group: null, kind: null, namespace: null, name: null };
const merge = (value: Patch['value'], more: Partial<Patch> = {}): Patch => ({ clusterSelector: '', target: everything, type: 'MERGE', patch: '', value, ...more });
const render = (template: Partial<Template>, on = cluster) => renderObjects({ objects: [], variables: [], patches: [], ...template }, on);

describe('a rendering', () => {
  it('fills in what the cluster is', () => {
    const { objects, problems } = render({ objects: [object({ host: '${cluster.name}.${cluster.region}', gateways: ['${cluster.labels.team}'], zone: '${cluster.zone:-none}' })] });
    expect(problems).toEqual([]);
    expect(objects[0]?.['spec']).toEqual({ host: 'fra-1.eu', gateways: ['shop'], zone: 'none' });
  });

  it('takes the first value whose selector matches, with the type it has where it stands alone', () => {
    const variables = [variable('weight', 1, { clusterSelector: 'env=dev', value: 2 }, { clusterSelector: 'env=prod,meshfleet.io/region=eu', value: 30 }, { clusterSelector: '', value: 4 }), variable('hosts', ['a', 'b'])];
    const { objects, problems } = render({ variables, objects: [object({ weight: '${var.weight}', text: '${var.weight} %', hosts: '${var.hosts}' })] });
    expect(problems).toEqual([]);
    expect(objects[0]?.['spec']).toEqual({ weight: 30, text: '30 %', hosts: ['a', 'b'] });
  });

  it('fills values of variables with values of the cluster', () => {
    expect(render({ variables: [variable('host', 'gw.${cluster.region}.example.com')], objects: [object('${var.host}')] }).objects[0]?.['spec']).toBe('gw.eu.example.com');
  });

  it('patches before it fills in, in order, and only what the patch is for', () => {
    const patches = [
      merge({ spec: { timeout: '${cluster.labels.env}-1' } }),
      merge({ spec: { timeout: '2s' } }, { clusterSelector: 'env=dev' }),
      merge({ spec: { only: true } }, { target: { ...everything, name: 'ratings' } }),
      merge([{ op: 'add', path: '/spec/hosts/-', value: '${cluster.name}' }], { type: 'JSON', target: { ...everything, group: 'networking.istio.io', kind: 'VirtualService', namespace: 'shop', name: 'reviews' } }),
    ];
    const { objects, problems } = render({ patches, objects: [object({ hosts: [] }), object({}, 'ratings')] });
    expect(problems).toEqual([]);
    expect(objects.map((one) => one['spec'])).toEqual([{ hosts: ['fra-1'], timeout: 'prod-1' }, { timeout: 'prod-1', only: true }]);
  });

  it('gives names their place in the fleet', () => {
    expect(render({ objects: [object({}, 'gw-${cluster.name}')] }).objects[0]?.metadata).toEqual({ name: 'gw-fra-1', namespace: 'shop' });
  });

  it('touches neither keys nor apiVersion and kind', () => {
    const { objects } = render({ objects: [{ ...object({ '${cluster.name}': 1 }), kind: '${cluster.name}' }] });
    expect(objects[0]).toMatchObject({ kind: '${cluster.name}', spec: { '${cluster.name}': 1 } });
  });

  it.each<[string, Partial<Template>, string]>([
    ['a label that the cluster lacks', { objects: [object({ x: '${cluster.labels.tier}' })] }, '${cluster.labels.tier} stands for nothing: the cluster has no label tier'],
    ['a zone that nobody knows', { objects: [object({ x: '${cluster.zone}' })] }, '${cluster.zone} stands for nothing: the cluster has no zone'],
    ['a variable without a value', { variables: [variable('a', null, { clusterSelector: 'env=dev', value: 1 })], objects: [object({ x: '${var.a}' })] }, '${var.a} stands for nothing: none of the values of the variable a is for this cluster, and it has no default'],
    ['a list within a text', { variables: [variable('a', [1])], objects: [object({ x: 'n${var.a}' })] }, '${var.a} is a list and cannot stand within a text'],
    ['a patch that misses', { patches: [merge([{ op: 'remove', path: '/spec/none' }], { type: 'JSON' })], objects: [object({ x: 1 })] }, 'Patch 1 does not fit: operation 1 (remove /spec/none) names a field that the object does not have'],
    ['a patch that renames', { patches: [merge({ metadata: { name: 'other' } })], objects: [object({ x: 1 })] }, 'Patch 1 makes another object of it'],
    ['a patch that changes the kind', { patches: [merge({ kind: 'Gateway' })], objects: [object({ x: 1 })] }, 'Patch 1 makes another object of it'],
  ])('says what is wrong with %s', (_what, template, summary) => {
    expect(render(template).problems).toMatchObject([{ index: 0, key: 'VirtualService.networking.istio.io/shop/reviews', summary }]);
  });

  it.each<[string, Partial<Template>, string]>([
    ['values', { variables: [variable('a', 'x'.repeat(64 * 1024))], objects: [object({ x: '${var.a}'.repeat(40) })] }, 'What references fill in makes the object grow by more than 2 MiB'],
    ['values that are lists', { variables: [variable('a', ['x'.repeat(64 * 1024)])], objects: [object({ x: Array.from({ length: 40 }, () => '${var.a}') })] }, 'What references fill in makes the object grow by more than 2 MiB'],
    [
      'copies of several patches',
      {
        patches: Array.from({ length: 5 }, () => merge([{ op: 'copy', from: '/spec/x', path: '/spec/y' }], { type: 'JSON' })),
        objects: [object({ x: 'x'.repeat(600 * 1024) })],
      },
      'Patch 4 does not fit: operation 1 (copy /spec/y) makes the object grow by more than 2 MiB',
    ],
  ])('grows an object by no more than 2 MiB of %s', (_what, template, summary) => {
    expect(render(template).problems).toMatchObject([{ index: 0, key: 'VirtualService.networking.istio.io/shop/reviews', path: '', summary }]);
  });

  it('lets many objects grow by no more than 8 MiB together', () => {
    const objects = (count: number): KubeObject[] => Array.from({ length: count }, (_, index) => object('${var.a}'.repeat(30), `reviews-${index}`));
    const variables = [variable('a', 'x'.repeat(64 * 1024))];
    expect(render({ variables, objects: objects(4) }).problems).toEqual([]);
    expect(render({ variables, objects: objects(1_000) }).problems).toMatchObject([{ index: 4, summary: 'What references fill in makes all objects together grow by more than 8 MiB' }]);
  });

  it('never changes its template, and is the same every time', () => {
    const spec = fc.jsonValue({ maxDepth: 3 });
    const text = fc.constantFrom('${cluster.name}', 'x ${var.v}', '$${var.v}', '${cluster.labels.none:-d}', 'plain');
    fc.assert(
      fc.property(spec, text, fc.boolean(), (value, reference, patched) => {
        const template: Template = { objects: [object({ value, reference })], variables: [variable('v', 'w')], patches: patched ? [merge({ spec: { reference: [reference], value: null } })] : [] };
        const before = structuredClone(template);
        expect(renderObjects(template, cluster)).toEqual(renderObjects(template, cluster));
        expect(template).toEqual(before);
      }),
    );
  });
});

describe('clusters that are alike', () => {
  const word = fc.constantFrom('a', 'b');
  const other = fc.record({ name: word, uid: word, region: fc.option(word), zone: fc.option(word), network: fc.option(word), mesh: fc.option(word), labels: fc.dictionary(word, word) }).map((one): RenderedCluster => ({ ...one, labels: { ...one.labels } }));
  const reference = fc.constantFrom('${cluster.name:-}', '${cluster.region:-}', '${cluster.labels.a:-}', '${cluster.labels.b:-x}', '${var.v}', '${var.w}', 'plain');

  it('share a rendering, and those that do get the same objects', () => {
    fc.assert(
      fc.property(other, other, fc.array(reference, { maxLength: 3 }), fc.boolean(), (left, right, references, patched) => {
        const template: Template = {
          objects: [object({ references })],
          variables: [variable('v', '${cluster.zone:-}', { clusterSelector: 'a=a', value: 1 }), variable('w', 'w', { clusterSelector: 'meshfleet.io/mesh=a', value: 2 })],
          patches: patched ? [merge({ spec: { more: '${cluster.uid}' } }, { clusterSelector: 'b' })] : [],
        };
        const inputs = inputsOf(template);
        if (inputs === null) {
          expect(renderObjects(template, left)).toEqual(renderObjects(template, right));
          return;
        }
        const named = (one: RenderedCluster): string => renderingOf({ ...template, inputs, objects: [{ key: 'VirtualService.networking.istio.io/shop/reviews' }] }, one);
        if (named(left) === named(right)) expect(renderObjects(template, left)).toEqual(renderObjects(template, right));
      }),
      { numRuns: 1000 },
    );
  });

  it('differ only by what the template reads of them', () => {
    const template: Template = { objects: [object({ x: '${cluster.region}' })], variables: [], patches: [] };
    const named = (one: RenderedCluster): string => renderingOf({ ...template, inputs: inputsOf(template) ?? [], objects: [{ key: 'VirtualService.networking.istio.io/shop/reviews' }] }, one);
    expect(inputsOf(template)).toEqual(['region']);
    expect(named({ ...cluster, name: 'fra-2', labels: {} })).toBe(named(cluster));
    expect(named({ ...cluster, region: 'us' })).not.toBe(named(cluster));
    expect(named({ ...cluster, kindSchemas: { 'Gateway.networking.istio.io': 'd' } })).toBe(named(cluster));
    expect(named({ ...cluster, kindSchemas: { 'VirtualService.networking.istio.io': 'd' } })).not.toBe(named(cluster));
  });

  it('of a version without references and patches get its very objects', () => {
    expect(inputsOf({ objects: [object({ x: '${HOME}' })], variables: [], patches: [] })).toBeNull();
    expect(inputsOf({ objects: [object({ x: '$${cluster.name}' })], variables: [], patches: [] })).toEqual([]);
  });
});
