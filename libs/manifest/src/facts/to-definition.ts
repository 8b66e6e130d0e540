import type { KubeObject } from '@meshfleet/model';
import type { KindFacts } from './kind-facts.ts';

/** A CustomResourceDefinition that a cluster takes, made of the facts of a kind. */
export function customResourceDefinitionOf(facts: KindFacts): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${facts.plural}.${facts.group}`,
      ...(facts.annotations === undefined ? {} : { annotations: { ...facts.annotations } }),
    },
    spec: {
      group: facts.group,
      scope: facts.scope,
      names: {
        kind: facts.kind,
        listKind: `${facts.kind}List`,
        plural: facts.plural,
        singular: facts.singular,
        ...(facts.shortNames.length === 0 ? {} : { shortNames: [...facts.shortNames] }),
        ...(facts.categories.length === 0 ? {} : { categories: [...facts.categories] }),
      },
      versions: facts.versions.map((version) => ({
        name: version.name,
        served: version.served,
        storage: version.storage,
        ...(version.deprecated ? { deprecated: true } : {}),
        ...(version.deprecationWarning === undefined ? {} : { deprecationWarning: version.deprecationWarning }),
        ...(version.subresources.includes('status') ? { subresources: { status: {} } } : {}),
        ...(version.printerColumns.length === 0 ? {} : { additionalPrinterColumns: version.printerColumns.map((column) => ({ ...column })) }),
        schema: { openAPIV3Schema: version.schema },
      })),
    },
  };
}
