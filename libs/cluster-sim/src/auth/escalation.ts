import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { listAt, mapAt, textAt } from '../kinds/field.ts';
import type { AdmissionContext, Registry, ResourceInfo } from '../seam.ts';
import { forbidden, notFound } from '../server/status-error.ts';
import { MASTERS } from './authorizer.ts';
import { rbacIndex } from './rbac-index.ts';
import type { PolicyRule } from './rbac-rule.ts';
import { compactRules, describeRule, missingRules, ruleAllows, toRule } from './rbac-rule.ts';

const GROUP = 'rbac.authorization.k8s.io';

export interface EscalationContext {
  readonly registry: Registry;
  readonly admission: AdmissionContext;
  readonly info: ResourceInfo;
}

/** Nobody writes a role with rights that they lack, unless they may `escalate` it. Throws 403 in Kubernetes' words. */
export function checkRole(role: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  if (exempt(context) || (old !== undefined && isDeepStrictEqual(role['rules'], old['rules']) && isDeepStrictEqual(role['aggregationRule'], old['aggregationRule']))) return;
  if (may(context, 'escalate', context.info.plural, role.metadata.namespace, role.metadata.name)) return;
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] };
  const rules = listAt(role, 'rules').map(toRule);
  // An aggregated role may come to hold anything: only those who may do everything may write one.
  refuseMissing(role, role['aggregationRule'] === undefined ? rules : [...rules, everything, { ...everything, apiGroups: [], resources: [], nonResourceURLs: ['*'] }], context);
}

/** Nobody binds a role with rights that they lack, unless they may `bind` it. */
export function checkBinding(binding: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  if (exempt(context) || (old !== undefined && isDeepStrictEqual(binding['roleRef'], old['roleRef']) && isDeepStrictEqual(binding['subjects'], old['subjects']))) return;
  const reference: Fields = mapAt(binding, 'roleRef');
  const plural = textAt(reference, 'kind') === 'ClusterRole' ? 'clusterroles' : 'roles';
  const name = textAt(reference, 'name') ?? '';
  if (may(context, 'bind', plural, binding.metadata.namespace, name)) return;
  const rules = rbacIndex(context.registry, context.admission.store).rulesOf(reference, binding.metadata.namespace);
  if (rules === undefined) throw notFound({ group: GROUP, plural }, name);
  refuseMissing(binding, rules, context);
}

/** Controllers and bootstrap write as the cluster itself. */
function exempt(context: EscalationContext): boolean {
  const { user } = context.admission;
  return user.groups.includes(MASTERS) || user.name.startsWith('system:kube-') || user.name === 'system:apiserver';
}

function may(context: EscalationContext, verb: string, resource: string, namespace: string | undefined, name: string | undefined): boolean {
  const { held } = rbacIndex(context.registry, context.admission.store).rulesFor(context.admission.user, namespace);
  return held.some(({ rule }) => ruleAllows(rule, { verb, group: GROUP, version: 'v1', resource, name: name ?? '' }));
}

function refuseMissing(object: KubeObject, wanted: readonly PolicyRule[], context: EscalationContext): void {
  const { user, store } = context.admission;
  const held = rbacIndex(context.registry, store).rulesFor(user, object.metadata.namespace).held.map(({ rule }) => rule);
  const missing = compactRules(missingRules(wanted, held));
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const list = [...new Set(missing.map(describeRule))].toSorted().join('\n');
  const why = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${list}`;
  throw forbidden({ group: GROUP, plural: context.info.plural }, object.metadata.name ?? '', why);
}
