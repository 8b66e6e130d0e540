import fc from 'fast-check';
import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { jsonOffsetOf, readJsonOffsets } from './json-offsets.ts';
import { createLineIndex } from './line-index.ts';
import { offsetOf, parsePath } from './locate-path.ts';
import { scanJson } from './scan-json.ts';
import { splitDocuments } from './split-documents.ts';

/** Every path of a value with what lies there. */
function paths(value: Json, at: (string | number)[] = []): { path: (string | number)[]; value: Json }[] {
  const below = typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, one]) => paths(one as Json, [...at, Array.isArray(value) ? Number(key) : key])) : [];
  return [{ path: at, value }, ...below];
}

describe('offsets in JSON', () => {
  it('lead to every part of any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.boolean(), (raw, spaced) => {
        const text = JSON.stringify(raw, null, spaced ? 2 : 0);
        const value = JSON.parse(text) as Json;
        const offsets = readJsonOffsets(text);
        for (const { path, value: part } of paths(value)) {
          const rest = text.slice(jsonOffsetOf(offsets, path));
          const name = path.at(-1);
          const compact = JSON.stringify(part);
          expect(rest.startsWith(typeof name === 'string' ? JSON.stringify(name) : (compact[0] ?? ''))).toBe(true);
        }
      }),
    );
  });

  it('agree with those of the YAML parser', () => {
    const text = '{\n  "a": [{"b": 1}, {"c": [true, null]}],\n  "d": "x"\n}';
    const document = parseDocument(text);
    for (const path of [['a'], ['a', 1], ['a', 1, 'c', 0], ['d'], ['a', 7]]) expect(jsonOffsetOf(readJsonOffsets(text), path)).toBe(offsetOf(document, path));
  });
});

describe('slices of JSON', () => {
  it('are the values that were written one after another', () => {
    const row = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(row, fc.constantFrom('', ' ', '\n', '\n\n'), fc.boolean(), (list, between, asArray) => {
        const text = asArray ? JSON.stringify(list, null, between.length) : list.map((one) => JSON.stringify(one)).join(between);
        const slices = scanJson(text);
        expect(slices?.map(({ start, end }) => JSON.parse(text.slice(start, end)) as Json)).toEqual(JSON.parse(JSON.stringify(list)));
        expect(slices?.flatMap(({ duplicates }) => duplicates)).toEqual([]);
      }),
    );
  });

  it('are refused when brackets do not match', () => {
    for (const text of ['{', '{]', '[{}', '{"a', '{} x', '"a"']) expect(scanJson(text)).toBeUndefined();
  });
});

describe('lines', () => {
  it('are those that an editor shows', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n') }), fc.nat(40), (text, raw) => {
        const offset = Math.min(raw, text.length);
        const before = text.slice(0, offset).split('\n');
        expect(createLineIndex(text, 10)(offset)).toEqual({ line: 9 + before.length, column: (before.at(-1)?.length ?? 0) + 1 });
      }),
    );
  });

  it('of documents join to the whole again', () => {
    const piece = fc.array(fc.constantFrom('a: 1', '- b', '# c', '', '  d'), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        const text = pieces.map((lines) => lines.join('\n')).join('\n---\n');
        const lines = text.split('\n');
        for (const document of splitDocuments(text)) {
          const own = document.text.replace(/\n$/, '').split('\n');
          expect(lines.slice(document.line - 1, document.line - 1 + own.length)).toEqual(own);
        }
      }),
    );
  });
});

describe('paths as errors print them', () => {
  it('find keys with dots and brackets by looking at the value', () => {
    const value: Json = { spec: { labels: { 'a.b/c': 'x', a: { b: 1 } }, list: [{ 'x[0]': 1 }] } };
    expect(parsePath('spec.labels.a.b/c', value)).toEqual(['spec', 'labels', 'a.b/c']);
    expect(parsePath('spec.labels[a.b/c]', value)).toEqual(['spec', 'labels', 'a.b/c']);
    expect(parsePath('spec.labels.a.b', value)).toEqual(['spec', 'labels', 'a', 'b']);
    expect(parsePath('spec.list[0].x[0]', value)).toEqual(['spec', 'list', 0, 'x[0]']);
    expect(parsePath('spec.missing.more', value)).toEqual(['spec', 'missing', 'more']);
  });

  it('never hang, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '.', '[', ']', '0') }), fc.jsonValue(), (path, value) => void parsePath(path, JSON.parse(JSON.stringify(value)) as Json)));
  });
});
