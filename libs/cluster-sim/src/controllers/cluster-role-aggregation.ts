import { isDeepStrictEqual } from 'node:util';
import { listAt, thaw } from '../kinds/field.ts';
import { labelsMatch } from '../kinds/label-selector.ts';
import type { Controller, ControllerContext } from './context.ts';
import { infoOf, isKind, keyOf, splitKey } from './context.ts';

/** ClusterRoles with an aggregationRule hold the rules of all ClusterRoles that it selects: how `admin` and `view` learn of new kinds. */
export function clusterRoleAggregationController(context: ControllerContext): Controller {
  const roles = infoOf(context, 'rbac.authorization.k8s.io', 'clusterroles');
  return {
    name: 'clusterrole-aggregation',
    keysOf: (event) => (isKind(event, 'rbac.authorization.k8s.io', 'clusterroles') ? context.store.list(roles).filter((role) => role['aggregationRule'] !== undefined).map(keyOf) : []),
    reconcile(key) {
      const role = context.store.get(roles, undefined, splitKey(key).name);
      const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors');
      if (role === undefined || selectors.length === 0) return;
      const sources = context.store
        .list(roles)
        .filter((candidate) => candidate.metadata.name !== role.metadata.name && selectors.some((selector) => labelsMatch(selector, candidate.metadata.labels ?? {})))
        .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
      const rules: unknown[] = [];
      for (const rule of sources.flatMap((source) => listAt(source, 'rules'))) if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);
      if (!isDeepStrictEqual(role['rules'] ?? [], rules)) context.store.write.update(roles, { ...thaw(role), rules }, { manager: 'clusterrole-aggregation-controller' });
    },
  };
}
