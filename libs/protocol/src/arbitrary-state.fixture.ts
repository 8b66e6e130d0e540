import * as fc from 'fast-check';
import { contentHash } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredState } from './desired-state.ts';

/** States over few keys, policies and contents, so that two of them overlap in every way. */
export const CONTENTS: ReadonlyMap<string, KubeObject> = new Map(
  ['a', 'b', 'c', 'd', 'e'].flatMap((name) =>
    [1, 2, 3].map((replicas) => {
      const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data: { replicas: `${replicas}` } };
      return [contentHash(object), object] as const;
    }),
  ),
);

export const contentOf = (hash: string): KubeObject | undefined => CONTENTS.get(hash);

const POLICIES = ['0198f000-0000-7000-8000-000000000001', '0198f000-0000-7000-8000-000000000002'];

const entry = fc.record({
  hash: fc.constantFrom(...CONTENTS.keys()),
  policyId: fc.constantFrom(...POLICIES),
  drift: fc.constantFrom('CORRECT' as const, 'REPORT' as const),
  conflicts: fc.constantFrom('REPORT' as const, 'FORCE' as const),
  mode: fc.constantFrom(undefined, 'METADATA' as const),
  takeOver: fc.constantFrom(undefined, ['.spec.http'], ['.metadata.labels.a', '.spec']),
});

export const arbitraryState: fc.Arbitrary<DesiredState> = fc.record({
  entries: fc
    .uniqueArray(entry, { selector: ({ hash }) => keyOf(hash), maxLength: 5 })
    .map((entries) =>
      entries.map(({ mode, takeOver, ...each }) => ({ key: keyOf(each.hash), ...each, ...(mode === undefined ? {} : { mode }), ...(takeOver === undefined ? {} : { takeOver }) })),
    ),
  tombstones: fc.uniqueArray(
    fc.record({ key: fc.constantFrom('Secret/shop/x', 'Secret/shop/y', 'Namespace/z'), policyId: fc.constantFrom(...POLICIES) }),
    { selector: ({ key, policyId }) => `${key} ${policyId}`, maxLength: 4 },
  ),
});

function keyOf(hash: string): string {
  const { name = '', namespace = '' } = CONTENTS.get(hash)?.metadata ?? {};
  return `ConfigMap/${namespace}/${name}`;
}
