import type { KubeObject } from '@meshfleet/model';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { at, list, stringMap } from '../analysis/read-value.ts';
import type { Reach } from './reach.ts';
import { reachOfObject } from './reach-of-object.ts';

/** Objects that others refer to. One key may stand for two states of an object, before and after a change. */
export interface References {
  readonly byKey: ReadonlyMap<string, readonly KubeObject[]>;
  /** By kind, as `Server.policy.linkerd.io`. */
  readonly byKind: ReadonlyMap<string, readonly KubeObject[]>;
}

export function indexReferences(objects: readonly KubeObject[]): References {
  return { byKey: Map.groupBy(objects, keyOf), byKind: Map.groupBy(objects, (object) => keyOf(object).split('/')[0] ?? '') };
}

/**
 * The reach of an object and of all that it leads to: the Gateways that a route attaches to, the Servers that an
 * authorization is for.
 */
export function reachesFrom(object: KubeObject, references: References, rootNamespace: string): readonly Reach[] {
  const seen = new Set<KubeObject>([object]);
  const reaches: Reach[] = [];
  // A set is walked to its end as it grows.
  for (const each of seen) {
    const reach = reachOfObject(each, rootNamespace);
    reaches.push(reach);
    for (const key of reach.through) for (const next of references.byKey.get(key) ?? []) seen.add(next);
    for (const next of unnamed(each, references.byKind)) seen.add(next);
  }
  return reaches;
}

const keyOf = (object: KubeObject): string => formatObjectKey(objectKeyOf(object));

/** What an object leads to without naming it: by labels, by class, or because the other names it. */
function unnamed(object: KubeObject, byKind: References['byKind']): readonly KubeObject[] {
  const { group, kind, namespace, name } = objectKeyOf(object);
  if (group === 'policy.linkerd.io') {
    if (kind === 'ServerAuthorization') {
      const labels = Object.entries(stringMap(at(object['spec'], 'server', 'selector', 'matchLabels')));
      const servers = labels.length === 0 ? [] : (byKind.get('Server.policy.linkerd.io') ?? []);
      return servers.filter(({ metadata }) => metadata.namespace === namespace && labels.every(([label, value]) => metadata.labels?.[label] === value));
    }
    if (kind === 'MeshTLSAuthentication' || kind === 'NetworkAuthentication') {
      const isThis = (reference: unknown, within: string | undefined): boolean => at(reference, 'kind') === kind && at(reference, 'name') === name && (at(reference, 'namespace') ?? within) === namespace;
      const policies = byKind.get('AuthorizationPolicy.policy.linkerd.io') ?? [];
      return policies.filter(({ metadata, spec }) => list(at(spec, 'requiredAuthenticationRefs')).some((reference) => isThis(reference, metadata.namespace)));
    }
    return [];
  }
  const classes = list(at(object['spec'], 'targetRefs')).filter((reference) => at(reference, 'kind') === 'GatewayClass').map((reference) => at(reference, 'name'));
  return classes.length === 0 ? [] : (byKind.get('Gateway.gateway.networking.k8s.io') ?? []).filter(({ spec }) => classes.includes(at(spec, 'gatewayClassName')));
}
