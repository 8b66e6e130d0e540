import { describe, expect, it } from 'vitest';
import { pathsSaidEmpty, saidEmptyWithin } from './go-struct.ts';

describe('what a writer says is empty', () => {
  const deployment = {
    metadata: { labels: {} },
    spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: {}, annotations: null }, spec: { containers: [{ name: 'a', args: [] }, { name: 'b', args: ['-v'] }] } } },
  };
  const paths = pathsSaidEmpty(deployment, 'io.k8s.api.apps.v1.Deployment');

  it('is found at every depth, without the object\'s own metadata', () => {
    expect([...paths].sort()).toEqual(['spec.template.metadata.labels', 'spec.template.spec.containers[0].args']);
  });

  it('is known of each field above it, and of no other', () => {
    expect(saidEmptyWithin(paths, 'spec')).toBe(true);
    expect(saidEmptyWithin(paths, 'spec.template.spec.containers')).toBe(true);
    expect(saidEmptyWithin(paths, 'spec.temp')).toBe(false);
    expect(saidEmptyWithin(undefined, 'spec')).toBe(false);
  });

  it('is nothing where the JSON is not of the shape, or the type is not known', () => {
    expect([...pathsSaidEmpty({ spec: 'text', data: 5 }, 'io.k8s.api.apps.v1.Deployment')]).toEqual([]);
    expect([...pathsSaidEmpty(deployment, 'test.example.Unknown')]).toEqual([]);
  });
});
