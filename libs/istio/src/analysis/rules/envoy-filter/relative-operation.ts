import { defineRule } from '../../engine/rule.ts';
import type { Problem } from '../../engine/rule.ts';
import { envoyFilterNames } from '../../indexes/envoy-filter-names.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { envoyFilterOf, isMisused } from '../../views/envoy-filter.ts';

const RELATIVE = new Set(['INSERT_BEFORE', 'INSERT_AFTER', 'REMOVE', 'REPLACE']);
const FIX = 'Set spec.priority, or an operation that needs no neighbour: ADD, MERGE, INSERT_FIRST.';

/** Patches whose place depends on what other EnvoyFilters have put there. */
export const relativeOperation = defineRule({
  code: 'IST0151',
  name: 'EnvoyFilterUsesRelativeOperation',
  severity: 'WARNING',
  title: 'Patch depends on the order of EnvoyFilters',
  why: 'EnvoyFilters of one priority are applied in the order of their creation, which differs from cluster to cluster. A patch that needs a neighbour may come before it, and then does nothing.',
  fix: FIX,
  example: `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: lua, namespace: shop}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match: {listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
    patch: {operation: INSERT_BEFORE, value: {name: envoy.filters.http.lua}}
`,
  on: [KIND.EnvoyFilter],
  reads: { envoyFilterNames },
  evaluate: (subject, read) => relative(subject, read.envoyFilterNames, false),
});

/** The same, where another patch of the same filter is for one version of the proxy. */
export const relativeOperationWithVersion = defineRule({
  code: 'IST0155',
  name: 'EnvoyFilterUsesRelativeOperationWithProxyVersion',
  severity: 'WARNING',
  title: 'Patch depends on one for some versions of the proxy',
  why: 'Another patch of the same filter is for proxies of one version alone. For the others this patch finds no neighbour, and does nothing.',
  fix: FIX,
  example: `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: lua, namespace: shop}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match: {proxy: {proxyVersion: '^1\\.28.*'}}
    patch: {operation: ADD, value: {name: envoy.filters.http.lua}}
  - applyTo: HTTP_FILTER
    patch: {operation: INSERT_AFTER, value: {name: envoy.filters.http.lua}}
`,
  on: [KIND.EnvoyFilter],
  reads: { envoyFilterNames },
  evaluate: (subject, read) => relative(subject, read.envoyFilterNames, true),
});

function* relative(subject: Resource, pinned: (filter: string) => readonly Resource[], versioned: boolean): Generator<Problem> {
  const { priority, patches } = envoyFilterOf(subject);
  if (priority !== 0) return;
  for (const [i, patch] of patches.entries()) {
    const { path, operation, filter } = patch;
    if (!RELATIVE.has(operation) || isMisused(patch)) continue;
    const pinnedHere = patches.slice(0, i + 1).some((earlier) => earlier.filter === filter && earlier.proxyVersion !== '');
    const isVersioned = pinnedHere || pinned(filter).some((other) => other.id !== subject.id);
    if (isVersioned === versioned) yield { path: `${path}.patch.operation`, message: `${operation}${filter === '' ? '' : ` of ${filter}`} depends on what stands there already, and the EnvoyFilter has no priority` };
  }
}
