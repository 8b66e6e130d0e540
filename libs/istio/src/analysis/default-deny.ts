import type { Resource } from './input/resource.ts';
import { carries } from './selected-workloads.ts';
import { authorizationPolicyOf } from './views/authorization-policy.ts';
import type { AuthorizationPolicyView } from './views/authorization-policy.ts';
import type { WorkloadView } from './views/workload.ts';

/** An ALLOW policy without rules for all of its namespace, or of the mesh: it denies whatever no other ALLOW policy lets in. */
export function isDefaultDeny({ action, selector, targeted, rules, dryRun }: AuthorizationPolicyView): boolean {
  return action === 'ALLOW' && !targeted && !dryRun && rules.length === 0 && Object.keys(selector).length === 0;
}

/** The ALLOW policies that let somebody in to a workload, or hang on what stands before it. */
export function allowingPolicies(workload: WorkloadView, rootNamespace: string, inNamespace: (namespace: string) => readonly Resource[]): AuthorizationPolicyView[] {
  const policies = [...inNamespace(workload.namespace), ...(workload.namespace === rootNamespace ? [] : inNamespace(rootNamespace))];
  return policies.map(authorizationPolicyOf).filter(({ action, rules, dryRun, targeted, selector }) => action === 'ALLOW' && rules.length > 0 && !dryRun && (targeted || carries(workload.labels, selector)));
}
