import type { KubeObject } from '@meshfleet/model';

/**
 * JSON pointers (RFC 6901) of what an object sets, as deep as tools can tell fields apart: maps are entered, lists and
 * scalars are named whole. What identifies the object is left out.
 */
export function ownedPaths(object: KubeObject): string[] {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { name: _name, namespace: _namespace, ...said } = metadata;
  return [...pathsWithin({ metadata: said }, ''), ...pathsWithin(rest, '')].sort();
}

function pathsWithin(value: object, at: string): string[] {
  return Object.entries(value).flatMap(([field, inner]: [string, unknown]) => {
    const path = `${at}/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const enter = typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0;
    if (enter) return pathsWithin(inner, path);
    // An empty map of metadata says nothing.
    return at === '/metadata' || (at === '' && field === 'metadata') ? [] : [path];
  });
}
