import type { Registry, ResourceInfo } from '../seam.ts';
import { apiVersionOf } from './objects/strategy.ts';

type Json = Record<string, unknown>;

/** GET /api: versions of the core group. */
export function coreVersions(address: string): Json {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] };
}

/** GET /apis: every group with its versions, newest first. */
export function groupList(registry: Registry): Json {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups(registry)].filter(([group]) => group !== '').map(([group, versions]) => groupDocument(group, versions)) };
}

/** GET /apis/{group}; undefined for groups that are not served. */
export function groupInfo(registry: Registry, group: string): Json | undefined {
  const versions = groups(registry).get(group);
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group, versions) };
}

/** GET /api/v1 or /apis/{group}/{version}: the resources of one version. */
export function resourceList(registry: Registry, group: string, version: string): Json | undefined {
  const served = registry.resources().filter((info) => info.group === group && info.version === version);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: served.flatMap((info) => [plainResource(info), ...subresources(info).map((sub) => plainSubresource(info, sub))]),
  };
}

/** The aggregated document of apidiscovery.k8s.io/v2: everything under /api or /apis in one answer. */
export function aggregatedDiscovery(registry: Registry, core: boolean): Json {
  const items = [...groups(registry)].filter(([group]) => (group === '') === core).map(([group, versions]) => ({
    metadata: { name: group === '' ? undefined : group, creationTimestamp: null },
    versions: versions.map((version) => ({
      version,
      resources: registry.resources().filter((info) => info.group === group && info.version === version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function groups(registry: Registry): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const info of registry.resources()) {
    const versions = out.get(info.group);
    if (versions === undefined) out.set(info.group, [info.version]);
    else if (!versions.includes(info.version)) versions.push(info.version);
  }
  return out;
}

function groupDocument(group: string, versions: readonly string[]): Json {
  const list = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

function plainResource(info: ResourceInfo): Json {
  return {
    name: info.plural,
    singularName: info.singular,
    namespaced: info.namespaced,
    kind: info.kind,
    verbs: info.verbs,
    ...(info.shortNames.length === 0 ? {} : { shortNames: info.shortNames }),
    ...(info.categories.length === 0 ? {} : { categories: info.categories }),
  };
}

interface SubresourceFacts {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

function subresources(info: ResourceInfo): SubresourceFacts[] {
  if (info.subresourceDetails !== undefined) return [...info.subresourceDetails];
  const verbs = ['get', 'patch', 'update'];
  return info.subresources.map((name) =>
    name === 'scale' ? { name, group: 'autoscaling', version: 'v1', kind: 'Scale', verbs } : { name, group: info.group, version: info.version, kind: info.kind, verbs },
  );
}

function plainSubresource(info: ResourceInfo, sub: SubresourceFacts): Json {
  const own = sub.group === info.group && sub.version === info.version;
  return {
    name: `${info.plural}/${sub.name}`,
    singularName: '',
    namespaced: info.namespaced,
    ...(own ? {} : { group: sub.group, version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

function aggregatedResource(info: ResourceInfo): Json {
  const subs = subresources(info);
  return {
    resource: info.plural,
    responseKind: responseKind(info),
    scope: info.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: info.verbs,
    ...(info.shortNames.length === 0 ? {} : { shortNames: info.shortNames }),
    ...(info.categories.length === 0 ? {} : { categories: info.categories }),
    ...(subs.length === 0 ? {} : { subresources: subs.map((sub) => ({ subresource: sub.name, responseKind: responseKind(sub), verbs: sub.verbs })) }),
  };
}

function responseKind(kind: { group: string; version: string; kind: string }): Json {
  return { group: kind.group, version: kind.version, kind: kind.kind };
}

/** Whether a group and version are served at all: what is not, answers a bare 404. */
export function servesVersion(registry: Registry, group: string, version: string): boolean {
  return registry.resources().some((info) => apiVersionOf(info) === apiVersionOf({ group, version }));
}
