import { describe, expect, it } from 'vitest';
import { isKubeObject, jsonOfObject, kubeObjectOf } from './kube-json.ts';

const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'cart' } };

describe('a value out of a document', () => {
  it('is an object of Kubernetes when it says version and kind and has metadata, and comes back itself', () => {
    expect(isKubeObject(object)).toBe(true);
    expect(kubeObjectOf(object)).toBe(object);
    expect(jsonOfObject(kubeObjectOf(object))).toBe(object);
  });

  it.each([null, 'text', [object], {}, { ...object, apiVersion: 1 }, { ...object, kind: null }, { ...object, metadata: [] }, { ...object, metadata: null }])('is none: %j', (value) => {
    expect(isKubeObject(value)).toBe(false);
    expect(() => kubeObjectOf(value)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});
