import type { Authorizer, Registry, StoreView } from '../seam.ts';
import { rbacIndex } from './rbac-index.ts';
import { ruleAllows } from './rbac-rule.ts';

/** Members may do anything, whatever the roles say: the way back in when RBAC itself is broken. */
export const MASTERS = 'system:masters';

/** Kubernetes' RBAC authorizer over the roles and bindings in the store; no rule is a refusal without a reason, as there. */
export function createAuthorizer(registry: Registry, store: StoreView): Authorizer {
  const index = rbacIndex(registry, store);
  return {
    authorize(user, request) {
      if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
      const { held, errors } = index.rulesFor(user, request.nonResourcePath === undefined ? request.namespace : undefined);
      const match = held.find(({ rule }) => ruleAllows(rule, request));
      if (match) return { allowed: true, reason: `RBAC: allowed by ${match.through}` };
      if (errors.length === 0) return { allowed: false, reason: '' };
      const why = errors.length === 1 ? (errors[0] ?? '') : `[${[...new Set(errors)].join(', ')}]`;
      return { allowed: false, reason: `RBAC: ${why}` };
    },
  };
}
