import { defineRule } from '../../engine/rule.ts';
import { namespaces, sidecarsInNamespace } from '../../indexes/in-namespace.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { at, stringMap } from '../../read-value.ts';

/** Several Sidecars that are for all of a namespace. */
export const sidecarsWithoutSelector = defineRule({
  code: 'IST0111',
  name: 'MultipleSidecarsWithoutWorkloadSelectors',
  severity: 'ERROR',
  title: 'Two Sidecars for one whole namespace',
  why: 'A namespace has one default Sidecar. With several, the one that counts is not defined.',
  fix: 'Keep one Sidecar without workloadSelector, and give the others a selector or merge them into it.',
  example: `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: ["./*"]}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: all, namespace: shop}
spec: {egress: [{hosts: ["*/*"]}]}
`,
  on: [KIND.Sidecar],
  reads: { sidecarsInNamespace, namespaces },
  *evaluate(subject, read) {
    if (hasSelector(subject) || read.namespaces(subject.namespace)[0]?.labels['istio.io/dataplane-mode'] === 'ambient') return;
    const others = read.sidecarsInNamespace(subject.namespace).filter((other) => other.id !== subject.id && !hasSelector(other));
    if (others.length === 0) return;
    yield { message: `${subject.namespace} also has the Sidecar${others.length === 1 ? '' : 's'} ${others.map(({ name }) => name).sort().join(', ')} without a workloadSelector`, related: others.map(({ id }) => id).sort() };
  },
});

const hasSelector = ({ spec }: Resource): boolean => Object.keys(stringMap(at(spec, 'workloadSelector', 'labels'))).length > 0;
