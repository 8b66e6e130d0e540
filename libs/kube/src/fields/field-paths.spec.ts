import { describe, expect, it } from 'vitest';
import { fieldPaths, pickFields } from './field-paths.ts';

const SET = {
  'f:metadata': { 'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {} }, 'f:finalizers': { 'v:"a/b"': {} } },
  'f:spec': { 'f:hosts': {}, 'f:listeners': { 'k:{"name":"http"}': { '.': {}, 'f:port': {} } } },
};

describe('the paths of a field set', () => {
  it('are its leaves, as Kubernetes names fields in conflicts', () => {
    expect(fieldPaths(SET, 100)).toEqual(['.metadata.labels["app.kubernetes.io/name"]', '.metadata.finalizers[="a/b"]', '.spec.hosts', '.spec.listeners[name="http"].port']);
  });

  it('are bounded, and none of nothing', () => {
    expect(fieldPaths(SET, 2)).toHaveLength(2);
    expect(fieldPaths(undefined, 2)).toEqual([]);
    expect(fieldPaths({}, 2)).toEqual([]);
  });

  it('pick them, names as the API server writes them', () => {
    expect(pickFields(SET, (path) => path === '.metadata.labels.app.kubernetes.io/name' || path.startsWith('.spec.listeners[name="http"]'))).toEqual({
      'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/name': {} } },
      'f:spec': { 'f:listeners': { 'k:{"name":"http"}': { 'f:port': {} } } },
    });
    expect(pickFields(SET, () => false)).toEqual({});
  });
});
