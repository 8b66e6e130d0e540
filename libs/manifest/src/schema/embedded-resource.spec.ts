import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './compile-schema.ts';
import { formatViolation } from './violation.ts';

const schema = compileSchema({
  type: 'object',
  properties: { spec: { type: 'object', properties: { templates: { type: 'array', items: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true } } } } },
});
const judge = (template: Json): string[] => schema.validate({ spec: { templates: [template] } }).map(formatViolation);

describe('objects within objects', () => {
  it('have an apiVersion and a kind', () => {
    expect(judge({ metadata: {} })).toEqual(['spec.templates[0].apiVersion: Required value', 'spec.templates[0].kind: Required value']);
    expect(judge({ apiVersion: '', kind: 'A B' })).toEqual([
      'spec.templates[0].apiVersion: Invalid value: "": must not be empty',
      expect.stringContaining('spec.templates[0].kind: Invalid value: "A B": may have mixed case, but should otherwise match: a DNS-1035 label'),
    ]);
    expect(judge({ apiVersion: 'a/b/c', kind: 'A' })).toEqual(['spec.templates[0].apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']);
  });

  it('have sound metadata, which is never pruned', () => {
    const template = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { app: 'a b' } }, any: { thing: 1 } };
    expect(judge(template)).toEqual([expect.stringContaining('spec.templates[0].metadata.labels: Invalid value: "a b": a valid label')]);
    expect(schema.prune({ spec: { templates: [template] } }).pruned).toEqual([]);
  });
});
