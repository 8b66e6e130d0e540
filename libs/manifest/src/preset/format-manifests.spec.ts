import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifests } from '../parse/parse-manifests.ts';
import { formatManifests } from './format-manifests.ts';

const configMap = (data: Record<string, unknown>): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data });
const again = (objects: readonly KubeObject[]): unknown[] => parseManifests(formatManifests(objects)).documents.map(({ value }) => value);

describe('objects written as manifests', () => {
  it('are read back as they were, also where YAML 1.1 would see a boolean or a number', () => {
    const objects = [configMap({ a: 'y', b: 'off', c: '012', d: '1_000', e: '1:30', f: 'null', g: '~', h: '=', i: '0x1F', j: '2026-11-25', k: '', l: ' x ', m: 'a: b', n: 'two\nlines\n', o: '!x', p: '%' })];
    expect(again(objects)).toEqual(objects);
  });

  it('are read back as they were, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9.:eE_xonyfNYO~tru]{1,6}$/), fc.integer(), fc.boolean()), { noNullPrototype: true }), { minLength: 1, maxLength: 3 }), (maps) => {
        const objects = maps.map((data, at) => ({ ...configMap(data), metadata: { name: `a${String(at)}` } }));
        expect(again(objects)).toEqual(objects);
      }),
    );
  });

  it('repeat what stands in them twice', () => {
    const shared = { app: 'shop' };
    expect(formatManifests([configMap({ one: shared, two: shared })])).not.toContain('&');
  });
});
