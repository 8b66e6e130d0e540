import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { namespaces } from '../../indexes/in-namespace.ts';
import { selectWorkloads, workloadsByLabel, workloadsInNamespace } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list, stringMap } from '../../read-value.ts';
import { hasSidecar, isAmbient } from '../../views/workload.ts';

/** AuthorizationPolicies for workloads that are not in the mesh. */
export const policyMatchesNothing = defineRule({
  code: 'IST0127',
  name: 'NoMatchingWorkloadsFound',
  severity: 'WARNING',
  title: 'Policy protects no workload',
  why: 'Proxies enforce it. Where no selected workload has one, nothing is allowed or denied.',
  fix: 'Compare the selector with the labels of the pods, and see that they are in the mesh.',
  example: `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop}
spec: {selector: {matchLabels: {app: cart}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: shop}
spec: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: orders, image: orders}]}}}
`,
  on: [KIND.AuthorizationPolicy],
  reads: { workloadsByLabel, workloadsInNamespace, namespaces, rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    if (list(at(subject.spec, 'targetRefs')).length > 0 || at(subject.spec, 'targetRef') !== undefined) return;
    const selector = stringMap(at(subject.spec, 'selector', 'matchLabels'));
    const labels = Object.entries(selector).map(([label, value]) => `${label}=${value}`).join(',');
    const everywhere = subject.namespace === read.rootNamespace();
    if (labels === '' && everywhere) return;
    const found = labels === '' ? read.workloadsInNamespace(subject.namespace) : selectWorkloads(selector, read.workloadsByLabel).filter(({ namespace }) => everywhere || namespace === subject.namespace);
    const inMesh = found.some((workload) => {
      const [namespace] = read.namespaces(workload.namespace);
      return hasSidecar(workload, namespace) || isAmbient(workload, namespace);
    });
    if (inMesh) return;
    const where = everywhere ? 'the mesh' : subject.namespace;
    yield { path: labels === '' ? 'spec' : 'spec.selector', message: `No workload of ${where}${labels === '' ? '' : ` with the labels ${labels}`} is in the mesh` };
  },
});
