import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { namespaces } from '../../indexes/in-namespace.ts';
import { workloadsByLabel, workloadsInNamespace } from '../../indexes/workloads.ts';
import { ztunnelVersions } from '../../indexes/ztunnels.ts';
import { KIND } from '../../input/kinds.ts';
import { workloadsSelected } from '../../selected-workloads.ts';
import { authorizationPolicyOf } from '../../views/authorization-policy.ts';
import { isAmbient } from '../../views/workload.ts';

/** Policies to be tried out, where ztunnel is too old to know that. */
export const dryRunEnforced = defineRule({
  code: 'MF0005',
  name: 'DryRunEnforcedByZtunnel',
  severity: 'ERROR',
  title: 'ztunnel enforces what was to be tried out',
  why: 'ztunnel before 1.29 does not know istio.io/dry-run, and enforces the policy: requests are denied in earnest.',
  fix: 'Upgrade ztunnel to 1.29, or point the policy at a waypoint with targetRefs.',
  example: `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ztunnel, namespace: istio-system}
spec: {template: {metadata: {labels: {app: ztunnel}}, spec: {containers: [{name: istio-proxy, image: "docker.io/istio/ztunnel:1.28.2-distroless"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop, annotations: {istio.io/dry-run: "true"}}
spec: {selector: {matchLabels: {app: cart}}, action: DENY, rules: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: shop, annotations: {istio.io/dry-run: "true"}}
spec: {action: DENY, rules: [{}]}
`,
  on: [KIND.AuthorizationPolicy],
  reads: { workloadsByLabel, workloadsInNamespace, namespaces, ztunnelVersions, rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    const { targeted, selector, dryRun } = authorizationPolicyOf(subject);
    if (!dryRun || targeted) return;
    const old = read.ztunnelVersions('*').filter(isBefore129);
    if (old.length === 0) return;
    const ambient = workloadsSelected(selector, subject.namespace, read.rootNamespace(), read).some((workload) => isAmbient(workload, read.namespaces(workload.namespace)[0]));
    if (ambient) yield { path: 'metadata.annotations', message: `ztunnel ${[...new Set(old)].sort().join(', ')} enforces this policy although it is a dry run` };
  },
});

function isBefore129(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 1 || (major === 1 && minor < 29);
}
