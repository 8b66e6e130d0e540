import { expect, it } from 'vitest';
import { rootNamespaceOf } from './root-namespace.ts';

it.each([
  ['what the mesh configuration names', [{ namespace: 'mesh', values: { meshConfig: { rootNamespace: 'policies' } } }], ['mesh'], 'policies'],
  ['else where the operator puts istiod', [{ namespace: 'mesh' }], ['other'], 'mesh'],
  ['what two installations agree on', [{ namespace: 'a', values: { meshConfig: { rootNamespace: 'r' } } }, { namespace: 'r' }], [], 'r'],
  ['unknown when two installations differ', [{ namespace: 'a' }, { namespace: 'b' }], ['a'], undefined],
  ['where the agent sees istiod', [], ['mesh', 'mesh'], 'mesh'],
  ['unknown with istiods in two namespaces', [], ['a', 'b'], undefined],
  ['unknown when nobody says', [], [], undefined],
])('the root namespace is %s', (_title, installations, controlPlanes, expected) => {
  expect(rootNamespaceOf(installations, controlPlanes)).toBe(expected);
});
