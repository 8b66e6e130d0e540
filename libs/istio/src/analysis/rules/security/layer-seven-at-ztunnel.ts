import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { namespaces } from '../../indexes/in-namespace.ts';
import { workloadsByLabel, workloadsInNamespace } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list, text } from '../../read-value.ts';
import { workloadsSelected } from '../../selected-workloads.ts';
import { authorizationPolicyOf } from '../../views/authorization-policy.ts';
import { isAmbient } from '../../views/workload.ts';

/** Rules on requests for workloads whose traffic only ztunnel sees. */
export const layerSevenAtZtunnel = defineRule({
  code: 'MF0004',
  name: 'LayerSevenRuleWithoutWaypoint',
  severity: 'ERROR',
  title: 'ztunnel cannot enforce this rule',
  why: 'Policies without targetRefs are enforced by ztunnel, which sees connections and no requests. It takes the safe side: an ALLOW with such a rule lets nobody in, a DENY keeps out more than it says.',
  fix: 'Give the service a waypoint, and point the policy at the service or the waypoint with targetRefs.',
  example: `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  rules: [{to: [{operation: {methods: [GET]}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: shop}
spec:
  rules: [{to: [{operation: {methods: [GET]}}]}]
`,
  on: [KIND.AuthorizationPolicy],
  reads: { workloadsByLabel, workloadsInNamespace, namespaces, rootNamespace: fact('rootNamespace') },
  *evaluate(subject, read) {
    const { targeted, selector, rules } = authorizationPolicyOf(subject);
    if (targeted) return;
    const paths = rules.flatMap((rule, i) => layerSevenFields(rule).map((field) => `spec.rules[${i}].${field}`));
    if (paths.length === 0) return;
    const ambient = workloadsSelected(selector, subject.namespace, read.rootNamespace(), read).filter((workload) => isAmbient(workload, read.namespaces(workload.namespace)[0]));
    if (ambient.length === 0) return;
    const names = ambient.map(({ resource }) => `${resource.namespace}/${resource.name}`).sort();
    const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
    for (const path of paths) yield { path, message: `${path.split('.').slice(2).join('.')} needs a waypoint, and ztunnel alone enforces the policy for ${shown}`, related: ambient.slice(0, 20).map(({ resource }) => resource.id).sort() };
  },
});

/** Conditions that connections do not have: `to[0].operation.methods`. */
function layerSevenFields(rule: unknown): string[] {
  const to = list(at(rule, 'to')).flatMap((one, i) => OPERATION.filter((field) => at(one, 'operation', field) !== undefined).map((field) => `to[${i}].operation.${field}`));
  const from = list(at(rule, 'from')).flatMap((one, i) => SOURCE.filter((field) => at(one, 'source', field) !== undefined).map((field) => `from[${i}].source.${field}`));
  const when = list(at(rule, 'when')).flatMap((one, i) => (text(at(one, 'key'))?.startsWith('request.') === true ? [`when[${i}].key`] : []));
  return [...to, ...from, ...when];
}

const OPERATION = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'];
const SOURCE = ['requestPrincipals', 'notRequestPrincipals', 'remoteIpBlocks', 'notRemoteIpBlocks'];
