import { describe, expect, it } from 'vitest';
import type { SchemaNode } from '../seam.ts';
import { deepFreeze } from '../storage/freeze.ts';
import { applyStrategicPatch } from './strategic-patch.ts';

const text: SchemaNode = { type: 'string' };
const node: SchemaNode = {
  type: 'object',
  properties: {
    containers: {
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      items: {
        type: 'object',
        properties: {
          name: text,
          image: text,
          args: { type: 'array', items: text },
          env: { type: 'array', 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge', items: { type: 'object', properties: { name: text, value: text } } },
        },
      },
    },
    finalizers: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: text },
    strategy: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys', properties: { type: text, rollingUpdate: { type: 'object', properties: { maxSurge: text } } } },
    labels: { type: 'object', additionalProperties: text },
  },
};
const live = deepFreeze({
  containers: [{ name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: 'b:1', args: ['-v'] }],
  finalizers: ['one', 'two'],
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '1' } },
  labels: { app: 'web', tier: 'front' },
});
const patch = (change: unknown): unknown => applyStrategicPatch(live, change, node);

describe('strategic merge patch', () => {
  it('merges items by their key, at any depth', () => {
    expect(patch({ containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] })).toMatchObject({
      containers: [{ name: 'a', image: 'a:1', env: [{ name: 'Y', value: '2' }, { name: 'X', value: '1' }] }, { name: 'b' }],
    });
  });

  it('replaces lists that have no merge strategy', () => {
    expect(patch({ containers: [{ name: 'b', args: ['-q'] }] })).toMatchObject({ containers: [{ name: 'a' }, { name: 'b', image: 'b:1', args: ['-q'] }] });
  });

  it('deletes an item by directive', () => {
    expect(patch({ containers: [{ name: 'a', $patch: 'delete' }] })).toMatchObject({ containers: [{ name: 'b' }] });
  });

  it('replaces a list by directive', () => {
    expect(patch({ containers: [{ name: 'c', image: 'c:1' }, { $patch: 'replace' }] })).toMatchObject({ containers: [{ name: 'c', image: 'c:1' }] });
  });

  it('replaces and empties maps by directive', () => {
    expect(patch({ labels: { $patch: 'replace', x: 'y' } })).toMatchObject({ labels: { x: 'y' } });
    expect((patch({ labels: { $patch: 'delete' } }) as { labels: object }).labels).toEqual({});
  });

  it('removes what is null', () => {
    expect((patch({ labels: { tier: null } }) as { labels: object }).labels).toEqual({ app: 'web' });
  });

  it('keeps only the retained keys', () => {
    expect((patch({ strategy: { $retainKeys: ['type'], type: 'Recreate' } }) as { strategy: object }).strategy).toEqual({ type: 'Recreate' });
  });

  it('adds to and deletes from lists of scalars', () => {
    expect((patch({ finalizers: ['three', 'one'] }) as { finalizers: string[] }).finalizers).toEqual(['three', 'one', 'two']);
    expect((patch({ '$deleteFromPrimitiveList/finalizers': ['one'] }) as { finalizers: string[] }).finalizers).toEqual(['two']);
  });

  it('puts items in the order that is asked for', () => {
    const result = patch({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'c' }, { name: 'a' }], containers: [{ name: 'c', image: 'c:1' }] });
    expect((result as { containers: { name: string }[] }).containers.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  });

  it('orders scalars too, and keeps the server\'s own', () => {
    const result = patch({ '$setElementOrder/finalizers': ['two', 'three'], finalizers: ['three'] });
    expect((result as { finalizers: string[] }).finalizers).toEqual(['one', 'two', 'three']);
  });

  it('refuses items without their key, unknown directives and lists', () => {
    expect(() => patch({ containers: [{ image: 'x' }] })).toThrow(/does not contain declared merge key: name/);
    expect(() => patch({ labels: { $patch: 'dance' } })).toThrow(/unknown patch type/);
    expect(() => patch([])).toThrow(/cannot unmarshal/);
  });

  it('is used up: what was obeyed is gone from it, and nulls that had nothing to remove', () => {
    const spent = { labels: { tier: null }, other: { here: { a: null, b: '1' } }, strategy: { $retainKeys: ['type'], type: 'Recreate' }, '$setElementOrder/finalizers': ['one'], finalizers: ['one'] };
    patch(spent);
    expect(spent).toEqual({ labels: { tier: null }, other: { here: { b: '1' } }, strategy: { type: 'Recreate' } });
  });

  it('leaves no directive behind', () => {
    expect(JSON.stringify(patch({ containers: [{ name: 'z', env: [{ name: 'Q', $patch: 'delete' }], $retainKeys: ['name', 'env'] }] }))).not.toContain('$');
  });
});
