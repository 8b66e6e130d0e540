import { allowingPolicies, isDefaultDeny } from '../../default-deny.ts';
import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { authorizationPoliciesInNamespace } from '../../indexes/in-namespace.ts';
import { workloadsInNamespace } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at } from '../../read-value.ts';
import { authorizationPolicyOf } from '../../views/authorization-policy.ts';

/** A default deny that refuses the kubelet's own probes, where the sidecar does not answer them itself. */
export const denyWithoutProbes = defineRule({
  code: 'MF0013',
  name: 'DefaultDenyWithoutProbes',
  severity: 'WARNING',
  title: 'Default deny refuses the kubelet’s probes',
  why: 'The kubelet has no identity in the mesh. Sidecars answer its probes themselves, past all policies, unless the annotation sidecar.istio.io/rewriteAppHTTPProbers: "false" sends them to the application: then they are refused, and Kubernetes restarts the pods or takes them out of service.',
  fix: 'Take the annotation away, or add an ALLOW policy for the paths or ports of the probes that asks nothing of the caller.',
  example: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart, sidecar.istio.io/inject: "true"}, annotations: {sidecar.istio.io/rewriteAppHTTPProbers: "false"}}
    spec: {containers: [{name: cart, image: cart, readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-all, namespace: shop}
spec: {}
`,
  on: [KIND.AuthorizationPolicy],
  reads: { workloadsInNamespace, authorizationPoliciesInNamespace, rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    if (!isDefaultDeny(authorizationPolicyOf(subject))) return;
    const root = read.rootNamespace();
    const refused = read
      .workloadsInNamespace(subject.namespace === root ? '*' : subject.namespace)
      .filter((workload) => workload.plainProbes && workload.injection !== 'false')
      .filter((workload) => !allowingPolicies(workload, root, read.authorizationPoliciesInNamespace).some(({ rules }) => rules.some((rule) => at(rule, 'from') === undefined)));
    if (refused.length === 0) return;
    const names = refused.map(({ namespace, resource }) => `${namespace}/${resource.name}`).sort();
    yield { path: 'spec', message: `The probes of ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} are refused`, related: refused.map(({ resource }) => resource.id).sort().slice(0, 20) };
  },
});
