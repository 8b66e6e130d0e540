import type { JsonObject } from '@meshfleet/model';
import type { FactsSource } from './facts-file.ts';
import { withoutProse } from './from-definition.ts';
import type { KindFacts } from './kind-facts.ts';

interface SourceKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames: readonly string[];
  readonly versions: readonly {
    readonly name: string;
    readonly served: boolean;
    readonly storage: boolean;
    readonly deprecated: boolean;
    readonly subresources: readonly string[];
    readonly schema: JsonObject;
  }[];
}

/** Reads facts that we keep ourselves, for projects that publish their definitions in no registry. The text is ours, and trusted. */
export function readSourceFacts(text: string): { source: FactsSource; kinds: KindFacts[] } {
  const { source, crds } = JSON.parse(text) as { source: FactsSource; crds: readonly SourceKind[] };
  const kinds = crds.map((crd): KindFacts => ({
    ...crd,
    singular: crd.kind.toLowerCase(),
    categories: [],
    versions: crd.versions.map((version) => ({ ...version, printerColumns: [], schema: withoutProse(version.schema) })),
  }));
  return { source, kinds };
}
