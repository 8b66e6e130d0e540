import type { KubeObject } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { listAt, textAt } from '../kinds/field.ts';
import type { Registry, StoreView, UserInfo } from '../seam.ts';
import type { PolicyRule } from './rbac-rule.ts';
import { toRule } from './rbac-rule.ts';

const GROUP = 'rbac.authorization.k8s.io';

/** A rule that a user holds, with the words that say through which binding. */
export interface HeldRule {
  readonly rule: PolicyRule;
  readonly through: string;
}

export interface RbacIndex {
  /** Rules of the user in a namespace, those of ClusterRoleBindings included; cluster-wide alone without a namespace. */
  rulesFor(user: UserInfo, namespace: string | undefined): { readonly held: readonly HeldRule[]; readonly errors: readonly string[] };
  /** Rules of a role by reference; undefined when it does not exist. */
  rulesOf(roleRef: Fields, namespace: string | undefined): PolicyRule[] | undefined;
}

const indices = new WeakMap<StoreView, RbacIndex>();

/** One index per cluster, shared by the authorizer and the escalation check, and emptied whenever a role or binding changes. */
export function rbacIndex(registry: Registry, store: StoreView): RbacIndex {
  const known = indices.get(store);
  if (known) return known;
  const index = createIndex(registry, store);
  indices.set(store, index);
  return index;
}

function createIndex(registry: Registry, store: StoreView): RbacIndex {
  const cache = new Map<string, { held: HeldRule[]; errors: string[] }>();
  store.subscribe((event) => {
    if (event.info.group === GROUP) cache.clear();
  });
  const list = (plural: string, namespace?: string): readonly KubeObject[] => {
    const info = registry.find(GROUP, 'v1', plural);
    return info === undefined ? [] : store.list(info, namespace);
  };

  function rulesOf(roleRef: Fields, namespace: string | undefined): PolicyRule[] | undefined {
    const name = textAt(roleRef, 'name') ?? '';
    const info = registry.find(GROUP, 'v1', textAt(roleRef, 'kind') === 'ClusterRole' ? 'clusterroles' : 'roles');
    const role = info && store.get(info, info.namespaced ? namespace : undefined, name);
    return role === undefined ? undefined : listAt(role, 'rules').map(toRule);
  }

  function collect(user: UserInfo, binding: KubeObject, namespace: string | undefined, into: { held: HeldRule[]; errors: string[] }): void {
    const subject = listAt(binding, 'subjects').find((candidate) => subjectIs(candidate, user, namespace));
    if (subject === undefined) return;
    const roleRef = binding['roleRef'] as Fields; // validated at write: every binding has one
    const rules = rulesOf(roleRef, namespace);
    const kind = textAt(roleRef, 'kind') ?? '';
    const name = textAt(roleRef, 'name') ?? '';
    if (rules === undefined) {
      into.errors.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`);
      return;
    }
    const bound = namespace === undefined ? `ClusterRoleBinding ${JSON.stringify(binding.metadata.name)}` : `RoleBinding ${JSON.stringify(`${binding.metadata.name ?? ''}/${namespace}`)}`;
    const through = `${bound} of ${kind} ${JSON.stringify(name)} to ${describeSubject(subject, namespace)}`;
    for (const rule of rules) into.held.push({ rule, through });
  }

  return {
    rulesOf,
    rulesFor(user, namespace) {
      const key = JSON.stringify([namespace ?? null, user.name, user.groups]);
      const known = cache.get(key);
      if (known) return known;
      const found: { held: HeldRule[]; errors: string[] } = { held: [], errors: [] };
      for (const binding of list('clusterrolebindings')) collect(user, binding, undefined, found);
      if (namespace !== undefined && namespace !== '') for (const binding of list('rolebindings', namespace)) collect(user, binding, namespace, found);
      if (cache.size > 5000) cache.clear();
      cache.set(key, found);
      return found;
    },
  };
}

function subjectIs(subject: Fields, user: UserInfo, namespace: string | undefined): boolean {
  const name = textAt(subject, 'name') ?? '';
  switch (textAt(subject, 'kind')) {
    case 'User': return user.name === name;
    case 'Group': return user.groups.includes(name);
    case 'ServiceAccount': return user.name === `system:serviceaccount:${textAt(subject, 'namespace') || (namespace ?? '')}:${name}`;
    default: return false;
  }
}

function describeSubject(subject: Fields, namespace: string | undefined): string {
  const kind = textAt(subject, 'kind') ?? '';
  const name = textAt(subject, 'name') ?? '';
  return kind === 'ServiceAccount' ? `${kind} ${JSON.stringify(`${name}/${textAt(subject, 'namespace') || (namespace ?? '')}`)}` : `${kind} ${JSON.stringify(name)}`;
}
