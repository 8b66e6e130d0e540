import { describe, expect, it } from 'vitest';
import { unwrapLists } from './unwrap-lists.ts';

const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

describe('a list', () => {
  it('becomes its items, each with its place', () => {
    expect(unwrapLists({ apiVersion: 'v1', kind: 'List', items: [object('a'), object('b')] })).toEqual([
      { value: object('a'), path: 'items[0]', item: 0 },
      { value: object('b'), path: 'items[1]', item: 1 },
    ]);
  });

  it('within a list keeps the way from the document, and counts as the item of the outer one', () => {
    const inner = { apiVersion: 'v1', kind: 'List', items: [object('b')] };
    expect(unwrapLists({ kind: 'List', items: [object('a'), inner] })).toEqual([
      { value: object('a'), path: 'items[0]', item: 0 },
      { value: object('b'), path: 'items[1].items[0]', item: 1 },
    ]);
  });

  it('of one kind lends its items kind and version, unless they say otherwise', () => {
    const [bare, own] = unwrapLists({ apiVersion: 'example.com/v1', kind: 'WidgetList', items: [{ metadata: { name: 'a' } }, { ...object('b') }] });
    expect(bare?.value).toEqual({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' } });
    expect(own?.value).toEqual(object('b'));
  });

  it('hands on items that are no objects, to be refused with their place', () => {
    expect(unwrapLists({ kind: 'List', items: ['x', null, [1]] })).toEqual([
      { value: 'x', path: 'items[0]', item: 0 },
      { value: null, path: 'items[1]', item: 1 },
      { value: [1], path: 'items[2]', item: 2 },
    ]);
  });

  it('that has no items is an object like any other', () => {
    const noList = { apiVersion: 'v1', kind: 'AllowList', spec: {} };
    expect(unwrapLists(noList)).toEqual([{ value: noList, path: '' }]);
    expect(unwrapLists({ kind: 'List', items: [] })).toEqual([]);
  });
});
