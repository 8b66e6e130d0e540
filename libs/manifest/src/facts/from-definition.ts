import type { Json, JsonObject } from '@meshfleet/model';
import { MeshfleetError, schemaWithoutProse } from '@meshfleet/model';
import type { SchemaNode } from '../schema/schema-node.ts';
import type { KindFacts, PrinterColumnFacts, VersionFacts } from './kind-facts.ts';

/** Annotations that the API server or its users act upon; all others are notes to readers. */
const KEPT_ANNOTATIONS = ['api-approved.kubernetes.io', 'gateway.networking.k8s.io/bundle-version', 'gateway.networking.k8s.io/channel'];

/** The facts of a CustomResourceDefinition (apiextensions.k8s.io/v1), its descriptions left behind. */
export function kindFactsOf(definition: JsonObject): KindFacts {
  const spec = object(definition['spec']);
  const names = object(spec['names']);
  const kind = text(names['kind']);
  const annotations = keptAnnotations(object(definition['metadata'])['annotations']);
  return {
    group: text(spec['group']),
    kind,
    plural: text(names['plural']),
    singular: names['singular'] === undefined ? kind.toLowerCase() : text(names['singular']),
    scope: spec['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced',
    shortNames: list(names['shortNames']).map(text),
    categories: list(names['categories']).map(text),
    ...(annotations === undefined ? {} : { annotations }),
    versions: list(spec['versions']).map((version) => versionFacts(object(version))),
  };
}

function versionFacts(version: JsonObject): VersionFacts {
  const warning = version['deprecationWarning'];
  const schema = version['schema'] === undefined ? {} : object(version['schema'])['openAPIV3Schema'];
  return {
    name: text(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    deprecated: version['deprecated'] === true,
    ...(typeof warning === 'string' ? { deprecationWarning: warning } : {}),
    subresources: version['subresources'] === undefined ? [] : Object.keys(object(version['subresources'])).sort(),
    printerColumns: list(version['additionalPrinterColumns']).map((column) => printerColumn(object(column))),
    schema: withoutProse(object(schema)),
  };
}

function printerColumn(column: JsonObject): PrinterColumnFacts {
  const { format, priority } = column;
  return {
    name: text(column['name']),
    type: text(column['type']),
    jsonPath: text(column['jsonPath']),
    ...(typeof format === 'string' ? { format } : {}),
    ...(typeof priority === 'number' ? { priority } : {}),
  };
}

/** A schema without descriptions. A property that happens to be called `description` stays. */
export function withoutProse(schema: JsonObject): SchemaNode {
  // JSON of an OpenAPI schema; the engine reads only what it knows of it.
  return schemaWithoutProse(schema) as SchemaNode;
}

function keptAnnotations(annotations: Json | undefined): Record<string, string> | undefined {
  if (annotations === undefined) return undefined;
  const kept = Object.entries(object(annotations)).filter((entry): entry is [string, string] => KEPT_ANNOTATIONS.includes(entry[0]) && typeof entry[1] === 'string');
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function object(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notADefinition();
  return value as JsonObject;
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw notADefinition();
  return value;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function notADefinition(): MeshfleetError {
  return new MeshfleetError({
    code: 'MANIFEST_INVALID',
    summary: 'This is not a CustomResourceDefinition of apiextensions.k8s.io/v1',
    fix: 'Pass the definition as it stands in the cluster, with spec.group, spec.names and spec.versions.',
  });
}
