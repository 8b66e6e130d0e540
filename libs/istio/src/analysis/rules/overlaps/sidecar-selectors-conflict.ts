import { defineRule } from '../../engine/rule.ts';
import { namespaces, sidecarsInNamespace } from '../../indexes/in-namespace.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at, stringMap } from '../../read-value.ts';
import { isAmbient } from '../../views/workload.ts';

/** Two Sidecars that select one workload. */
export const sidecarSelectorsConflict = defineRule({
  code: 'IST0110',
  name: 'ConflictingSidecarWorkloadSelectors',
  severity: 'ERROR',
  title: 'Two Sidecars select one workload',
  why: 'A proxy takes one Sidecar alone. Which one is not defined, so what the workload can reach may change with any restart of istiod.',
  fix: 'Make the selectors exclusive, or merge the Sidecars.',
  example: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart, tier: web}}, spec: {containers: [{name: cart, image: cart}]}}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: cart, namespace: shop}
spec: {workloadSelector: {labels: {app: cart}}, egress: [{hosts: ["./*"]}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: web, namespace: shop}
spec: {workloadSelector: {labels: {tier: web}}, egress: [{hosts: ["*/*"]}]}
`,
  on: [KIND.Sidecar],
  reads: { sidecarsInNamespace, workloadsByLabel, namespaces },
  *evaluate(subject, read) {
    const selector = stringMap(at(subject.spec, 'workloadSelector', 'labels'));
    if (Object.keys(selector).length === 0) return;
    const others = read.sidecarsInNamespace(subject.namespace).filter(({ id }) => id !== subject.id);
    if (others.length === 0) return;
    const [namespace] = read.namespaces(subject.namespace);
    const selected = selectWorkloads(selector, read.workloadsByLabel).filter((workload) => workload.namespace === subject.namespace && !isAmbient(workload, namespace));
    const rivals = others.filter((other) => {
      const wanted = Object.entries(stringMap(at(other.spec, 'workloadSelector', 'labels')));
      return wanted.length > 0 && selected.some(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
    });
    if (rivals.length === 0) return;
    yield { path: 'spec.workloadSelector', message: `The Sidecar${rivals.length === 1 ? '' : 's'} ${rivals.map(({ name }) => name).sort().join(', ')} of ${subject.namespace} select${rivals.length === 1 ? 's' : ''} a workload that this one selects too`, related: rivals.map(({ id }) => id).sort() };
  },
});
