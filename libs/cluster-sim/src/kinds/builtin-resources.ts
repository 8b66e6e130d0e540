import type { ResourceInfo, Subresource } from '../seam.ts';
import { builtinGroups } from './facts.ts';
import { builtinColumns } from './printer-columns.ts';

/**
 * Served by a real API server as a second shape of what another version stores. They need a conversion of fields that nothing in a
 * service mesh asks for; an absent version is honest where a mangled object is not.
 */
const NOT_SERVED = new Set(['autoscaling/v1/horizontalpodautoscalers']);

let resources: readonly ResourceInfo[] | undefined;

/** Every built-in resource of every served version. The same frozen objects serve all clusters of the process. */
export function builtinResources(): readonly ResourceInfo[] {
  resources ??= builtinGroups.flatMap(({ group, versions }) =>
    versions.flatMap(({ version, resources: facts }) =>
      facts.filter((fact) => !NOT_SERVED.has(`${group}/${version}/${fact.plural}`)).map((fact) =>
        Object.freeze<ResourceInfo>({
          group,
          version,
          kind: fact.kind,
          plural: fact.plural,
          singular: fact.singular,
          shortNames: [...(fact.shortNames ?? [])],
          categories: [...(fact.categories ?? [])],
          namespaced: fact.namespaced,
          verbs: [...fact.verbs],
          // The generated table holds the names that kube-apiserver serves, and the seam lists just those.
          subresources: fact.subresources.map((subresource) => subresource.name as Subresource),
          subresourceDetails: fact.subresources.map((subresource) => ({ ...subresource, verbs: [...subresource.verbs] })),
          storageVersion: version,
          custom: false,
          printerColumns: builtinColumns(group, fact.kind),
        }),
      ),
    ),
  );
  return resources;
}
