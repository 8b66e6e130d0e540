import { MeshfleetError } from '@meshfleet/model';
import type { SchemaNode } from '../schema/schema-node.ts';

/** What is known of one kind of a CustomResourceDefinition: facts alone, no prose. */
export interface KindFacts {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Annotations that the definition itself must carry, such as the approval of *.k8s.io groups. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly versions: readonly VersionFacts[];
}

export interface VersionFacts {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning?: string;
  readonly subresources: readonly string[];
  readonly printerColumns: readonly PrinterColumnFacts[];
  /** Versions with equal schemas share one node, so that equality of schemas is identity. */
  readonly schema: SchemaNode;
}

export interface PrinterColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly format?: string;
  readonly priority?: number;
}

/** The version that the API server keeps objects in; every definition has exactly one. */
export function storageVersion(kind: KindFacts): VersionFacts {
  const stored = kind.versions.find((version) => version.storage) ?? kind.versions[0];
  if (stored === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `The facts of ${kind.kind}.${kind.group} name no version` });
  return stored;
}

/** A version that API servers serve; one that is only stored counts as unknown. */
export function findVersion(kind: KindFacts, name: string): VersionFacts | undefined {
  return kind.versions.find((version) => version.name === name && version.served);
}
