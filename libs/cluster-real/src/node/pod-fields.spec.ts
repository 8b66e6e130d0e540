import { expect, it } from 'vitest';
import { containerEnvironment, expand, podField } from './pod-fields.ts';
import type { Pod } from './pod.ts';

const POD: Pod = {
  metadata: { name: 'echo-1', namespace: 'shop', uid: 'u', labels: { app: 'echo', quote: 'a "b"' }, annotations: { 'istio.io/rev': 'default' } },
  spec: { nodeName: 'real-a', serviceAccountName: 'echo', containers: [] },
};
const field = (path: string): string => podField(POD, '10.0.0.1', '10.0.0.254', path);

it('gives the downward API what the API server calls these fields', () => {
  expect(['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.podIP', 'status.hostIP'].map(field)).toEqual([
    'echo-1',
    'shop',
    'u',
    'real-a',
    'echo',
    '10.0.0.1',
    '10.0.0.254',
  ]);
  expect(field("metadata.labels['app']")).toBe('echo');
  expect(field("metadata.annotations['istio.io/rev']")).toBe('default');
});

it('writes labels as kubelets do: a line each, values quoted', () => {
  expect(field('metadata.labels')).toBe('app="echo"\nquote="a \\"b\\""');
});

it('resolves references to what comes before, and leaves limits of the node out', () => {
  const environment = containerEnvironment(
    [
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'DOMAIN', value: '$(POD_NAMESPACE).svc.$(UNKNOWN)' },
      { name: 'GOMEMLIMIT', valueFrom: { resourceFieldRef: {} } },
    ],
    field,
  );
  expect(environment).toEqual({ POD_NAMESPACE: 'shop', DOMAIN: 'shop.svc.$(UNKNOWN)' });
  expect(expand('--domain=$(DOMAIN)', environment)).toBe('--domain=shop.svc.$(UNKNOWN)');
});
