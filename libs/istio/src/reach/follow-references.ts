import type { KubeObject } from '@meshfleet/model';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { at, list, stringMap } from '../analysis/read-value.ts';
import type { HostReach, WorkloadReach } from './reach.ts';
import { reachOfObject } from './reach-of-object.ts';

/** Objects that others refer to. One key may stand for two states of an object, before and after a change. */
export interface References {
  readonly byKey: ReadonlyMap<string, readonly KubeObject[]>;
  /** By what it is without being named: `Server policy label=value`, `Gateway class`, `requires key of an authentication`. */
  readonly byTrait: ReadonlyMap<string, readonly KubeObject[]>;
}

export function indexReferences(objects: readonly KubeObject[]): References {
  const byTrait = new Map<string, KubeObject[]>();
  for (const object of objects) {
    for (const trait of new Set(traitsOf(object))) {
      const known = byTrait.get(trait);
      if (known === undefined) byTrait.set(trait, [object]);
      else known.push(object);
    }
  }
  return { byKey: Map.groupBy(objects, keyOf), byTrait };
}

/** Whom several objects concern together, each host, selector and workload once. */
export interface ReachOfAll {
  readonly workloads: readonly WorkloadReach[];
  readonly workloadKeys: ReadonlySet<string>;
  readonly hosts: readonly HostReach[];
}

/**
 * The reach of objects and of all that they lead to: the Gateways that a route attaches to, the Servers that an
 * authorization is for. What many of them lead to is followed once.
 */
export function reachOfAll(objects: readonly KubeObject[], references: References, rootNamespace: string): ReachOfAll {
  const seen = new Set(objects);
  const followed = new Set<string>();
  const workloads = new Map<string, WorkloadReach>();
  const workloadKeys = new Set<string>();
  const hosts = new Map<string, HostReach>();
  const follow = (way: string, found: () => readonly KubeObject[]): void => {
    if (followed.has(way)) return;
    followed.add(way);
    for (const next of found()) seen.add(next);
  };
  // A set is walked to its end as it grows.
  for (const each of seen) {
    const reach = reachOfObject(each, rootNamespace);
    for (const one of reach.workloads) workloads.set(JSON.stringify([one.namespace, one.labels]), one);
    for (const key of reach.workloadKeys) workloadKeys.add(key);
    for (const one of reach.hosts) hosts.set(`${one.host} ${one.namespace}`, one);
    for (const key of reach.through) follow(`key ${key}`, () => references.byKey.get(key) ?? []);
    followUnnamed(each, references.byTrait, follow);
  }
  return { workloads: [...workloads.values()], workloadKeys, hosts: [...hosts.values()] };
}

const keyOf = (object: KubeObject): string => formatObjectKey(objectKeyOf(object));

const serverTrait = (namespace: string | undefined, label: string, value: string): string => `server ${namespace ?? ''} ${label}=${value}`;
const classTrait = (name: unknown): string => `class ${String(name)}`;
const requiresTrait = (kind: unknown, namespace: unknown, name: unknown): string => `requires ${String(kind)} ${String(namespace)}/${String(name)}`;

/** What others lead to an object by, without naming it. */
function traitsOf({ apiVersion, kind, metadata, spec }: KubeObject): string[] {
  switch (`${kind}.${apiVersion.split('/')[0] ?? ''}`) {
    case 'Server.policy.linkerd.io':
      return Object.entries(stringMap(metadata.labels)).map(([label, value]) => serverTrait(metadata.namespace, label, value));
    case 'AuthorizationPolicy.policy.linkerd.io':
      return list(at(spec, 'requiredAuthenticationRefs')).map((reference) => requiresTrait(at(reference, 'kind'), at(reference, 'namespace') ?? metadata.namespace, at(reference, 'name')));
    case 'Gateway.gateway.networking.k8s.io':
      return [classTrait(at(spec, 'gatewayClassName'))];
    default:
      return [];
  }
}

/** What an object leads to without naming it: by labels, by class, or because the other names it. */
function followUnnamed(object: KubeObject, byTrait: References['byTrait'], follow: (way: string, found: () => readonly KubeObject[]) => void): void {
  const { group, kind, namespace, name } = objectKeyOf(object);
  const followTrait = (trait: string): void => {
    follow(trait, () => byTrait.get(trait) ?? []);
  };
  if (group === 'policy.linkerd.io') {
    if (kind === 'MeshTLSAuthentication' || kind === 'NetworkAuthentication') followTrait(requiresTrait(kind, namespace, name));
    if (kind !== 'ServerAuthorization') return;
    const labels = Object.entries(stringMap(at(object['spec'], 'server', 'selector', 'matchLabels')));
    if (labels.length === 0) return;
    follow(`servers ${JSON.stringify([namespace, labels])}`, () => {
      const found = labels.map(([label, value]) => byTrait.get(serverTrait(namespace, label, value)) ?? []);
      const fewest = found.reduce((least, each) => (each.length < least.length ? each : least));
      return fewest.filter(({ metadata }) => labels.every(([label, value]) => metadata.labels?.[label] === value));
    });
    return;
  }
  for (const reference of list(at(object['spec'], 'targetRefs'))) if (at(reference, 'kind') === 'GatewayClass') followTrait(classTrait(at(reference, 'name')));
}
