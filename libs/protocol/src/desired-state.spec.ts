import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareApplyOrder } from './apply-order.ts';
import { arbitraryState } from './arbitrary-state.fixture.ts';
import { digestOf, normalizeState } from './desired-state.ts';
import type { DesiredState } from './desired-state.ts';

const entry = { key: 'ConfigMap/shop/a', hash: 'h', policyId: 'p', drift: 'CORRECT', conflicts: 'REPORT' } as const;
const base: DesiredState = { entries: [entry], tombstones: [{ key: 'Secret/shop/x', policyId: 'p' }] };

describe('the digest of a desired state', () => {
  it('is the same whatever order the state is given in', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const shuffled = { entries: [...state.entries].reverse(), tombstones: [...state.tombstones].reverse() };
        expect(digestOf(shuffled)).toBe(digestOf(state));
        expect(normalizeState(shuffled)).toEqual(normalizeState(state));
      }),
    );
  });

  const changes: readonly [string, DesiredState][] = [
    ['key', { ...base, entries: [{ ...entry, key: 'ConfigMap/shop/b' }] }],
    ['content', { ...base, entries: [{ ...entry, hash: 'i' }] }],
    ['policy', { ...base, entries: [{ ...entry, policyId: 'q' }] }],
    ['drift mode', { ...base, entries: [{ ...entry, drift: 'REPORT' }] }],
    ['conflict mode', { ...base, entries: [{ ...entry, conflicts: 'FORCE' }] }],
    ['tombstone', { ...base, tombstones: [] }],
    ['tombstone policy', { ...base, tombstones: [{ key: 'Secret/shop/x', policyId: 'q' }] }],
    ['everything', { entries: [], tombstones: [] }],
  ];
  it.each(changes)('changes with the %s', (_, changed) => {
    expect(digestOf(changed)).not.toBe(digestOf(base));
  });

  it('is pinned: hub and agents of different versions must agree on it', () => {
    expect(digestOf(base)).toBe('e40bbbc9341ae7502efc635090940a8e11aa4a8ec0a7abd2a6518643c2ad4fa3');
  });
});

describe('apply order', () => {
  it('puts what others need first', () => {
    const keys = [
      'VirtualService.networking.istio.io/a/a',
      'Gateway.gateway.networking.k8s.io/a/a',
      'RoleBinding.rbac.authorization.k8s.io/a/a',
      'Secret/a/a',
      'CustomResourceDefinition.apiextensions.k8s.io/z',
      'Namespace/z',
      'ConfigMap/a/a',
      'Role.rbac.authorization.k8s.io/a/a',
    ];
    expect([...keys].sort(compareApplyOrder)).toEqual([
      'Namespace/z',
      'CustomResourceDefinition.apiextensions.k8s.io/z',
      'ConfigMap/a/a',
      'Secret/a/a',
      'Role.rbac.authorization.k8s.io/a/a',
      'RoleBinding.rbac.authorization.k8s.io/a/a',
      'Gateway.gateway.networking.k8s.io/a/a',
      'VirtualService.networking.istio.io/a/a',
    ]);
  });
});
