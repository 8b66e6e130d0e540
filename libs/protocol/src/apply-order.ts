import { parseObjectKey } from '@meshfleet/model';

// What others need comes first: a namespace before what lies in it, a definition before its objects, accounts and
// configuration before what mounts them. Deletion goes the other way round.
const RANKS: ReadonlyMap<string, number> = new Map([
  ['Namespace', 0],
  ['CustomResourceDefinition.apiextensions.k8s.io', 1],
  ['ServiceAccount', 2],
  ['Secret', 2],
  ['ConfigMap', 2],
  ['ClusterRole.rbac.authorization.k8s.io', 3],
  ['Role.rbac.authorization.k8s.io', 3],
  ['ClusterRoleBinding.rbac.authorization.k8s.io', 4],
  ['RoleBinding.rbac.authorization.k8s.io', 4],
  ['GatewayClass.gateway.networking.k8s.io', 5],
]);
const THE_REST = 6;

/** Place of an object in the order of application, 0 first. Objects of one rank need nothing of each other. */
export function applyRank(key: string): number {
  const parsed = parseObjectKey(key);
  if (parsed === undefined) return THE_REST;
  return RANKS.get(parsed.group === '' ? parsed.kind : `${parsed.kind}.${parsed.group}`) ?? THE_REST;
}

/** Total order of object keys: by rank, then by the key's UTF-16 code units (never by locale). */
export function compareApplyOrder(left: string, right: string): number {
  return applyRank(left) - applyRank(right) || compareText(left, right);
}

/** Order by UTF-16 code units: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
