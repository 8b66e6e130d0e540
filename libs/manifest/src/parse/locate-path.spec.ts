import fc from 'fast-check';
import type { Json } from '@meshfleet/model';
import { parseDocument } from 'yaml';
import { describe, expect, it } from 'vitest';
import { offsetOf, parsePath } from './locate-path.ts';

/** Prints a path as the API server does: keys after dots, indexes in brackets. */
function printPath(steps: readonly (string | number)[]): string {
  return steps.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** All paths into a value. */
function pathsInto(value: Json, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...at]];
  const children: [string | number, Json][] = Array.isArray(value) ? (value as Json[]).map((one, index) => [index, one]) : Object.entries(value as Record<string, Json>);
  return [[...at], ...children.flatMap(([step, one]) => pathsInto(one, [...at, step]))];
}

describe('a path as errors print it', () => {
  const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constantFrom<Json>(1, 'x', true), fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(key, tie('tree'), { maxKeys: 3 })),
  }));

  it('is read back step by step, for any value', () => {
    fc.assert(
      fc.property(fc.dictionary(key, tree, { maxKeys: 4 }), (value) => {
        for (const steps of pathsInto(value)) expect(parsePath(printPath(steps), value)).toEqual(steps);
      }),
    );
  });

  it.each<[string, Json, (string | number)[]]>([
    ['metadata.labels.app.kubernetes.io/name', { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } }, ['metadata', 'labels', 'app.kubernetes.io/name']],
    ['spec.labels[app.kubernetes.io/name]', { spec: { labels: { 'app.kubernetes.io/name': 'x' } } }, ['spec', 'labels', 'app.kubernetes.io/name']],
    ['a.b.c', { a: { b: { c: 1 }, 'b.c': 2 } }, ['a', 'b.c']],
    ['spec.gone.deeper', { spec: {} }, ['spec', 'gone', 'deeper']],
    ['', { a: 1 }, []],
  ])('%s', (path, value, steps) => {
    expect(parsePath(path, value)).toEqual(steps);
  });

  it('never runs on for ever, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '.', '[', ']', '0', '-'), maxLength: 30 }), tree, (path, value) => Array.isArray(parsePath(path, value))));
  });
});

describe('where a path leads in YAML', () => {
  const text = 'spec:\n  hosts: [a, b]\n  base: &base\n    x: 1\n  other: *base\n';
  const document = parseDocument(text);

  it.each<[string, (string | number)[], string]>([
    ['a property is where its key stands', ['spec', 'hosts'], 'hosts:'],
    ['an item is where it stands', ['spec', 'hosts', 1], 'b]'],
    ['an alias leads to what it stands for', ['spec', 'other', 'x'], 'x: 1'],
    ['a path that ends early leads to its last known part', ['spec', 'hosts', 7, 'a'], 'hosts:'],
    ['a path into nothing leads to the beginning', ['none'], 'spec:'],
  ])('%s', (_what, steps, start) => {
    expect(text.slice(offsetOf(document, steps))).toMatch(new RegExp(`^${start.replace(/[\]]/g, '\\$&')}`));
  });
});
