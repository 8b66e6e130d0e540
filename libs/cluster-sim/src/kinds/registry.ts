import type { JsonObject } from '@meshfleet/model';
import { MeshfleetError } from '@meshfleet/model';
import type { Registry, ResourceInfo, SchemaNode, TypeSchema } from '../seam.ts';
import { builtinResources } from './builtin-resources.ts';
import { builtinSchema, builtinTypeName } from './builtin-schema.ts';
import { openapiDocuments } from './openapi-documents.ts';

/** What a CustomResourceDefinition adds: one entry per served version, with the schema as it was written. */
export interface CustomResource {
  readonly info: ResourceInfo;
  readonly schema: SchemaNode;
  /** The schema as OpenAPI publishes it: with apiVersion, kind, metadata and descriptions. */
  readonly published: JsonObject;
}

/** The registry with its door for CRDs, which only src/crd opens. */
export interface CustomRegistry extends Registry {
  /** Serves these versions in place of what the CRD served before; an empty list withdraws it. */
  serveCustom(crdName: string, resources: readonly CustomResource[]): void;
  customResources(crdName: string): readonly CustomResource[];
}

/** A built-in that every cluster serves; its absence is a fault of ours, never of the user. */
export function builtin(registry: Registry, group: string, version: string, plural: string): ResourceInfo {
  const info = registry.find(group, version, plural);
  if (info === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `The simulated cluster does not serve ${plural}.${version}.${group}` });
  return info;
}

const OPEN_NODE: SchemaNode = Object.freeze({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

/** Which resources one cluster serves. Built-ins are shared by all clusters of the process; CRDs are the cluster's own. */
export function createRegistry(): CustomRegistry {
  const custom = new Map<string, readonly CustomResource[]>();
  const listeners = new Set<() => void>();
  const schemas = new Map<ResourceInfo, TypeSchema>();
  let all: readonly ResourceInfo[] = [];
  let byPlural = new Map<string, ResourceInfo>();
  let byKind = new Map<string, ResourceInfo>();
  reindex();

  function reindex(): void {
    const customResources = [...custom.values()].flat();
    all = [...builtinResources(), ...customResources.map((resource) => resource.info)];
    byPlural = new Map(all.map((info) => [`${info.group}/${info.version}/${info.plural}`, info]));
    byKind = new Map(all.map((info) => [`${info.group}/${info.version}/${info.kind}`, info]));
    schemas.clear();
    for (const resource of customResources) schemas.set(resource.info, { node: resource.schema });
  }

  return {
    resources: () => all,
    find: (group, version, plural) => byPlural.get(`${group}/${version}/${plural}`),
    byKind: (group, version, kind) => byKind.get(`${group}/${version}/${kind}`),
    schemaFor(info) {
      const known = schemas.get(info);
      if (known) return known;
      const typeName = builtinTypeName(info.group, info.version, info.kind);
      const schema: TypeSchema = { node: (typeName === undefined ? undefined : builtinSchema(typeName)) ?? OPEN_NODE };
      schemas.set(info, schema);
      return schema;
    },
    openapiV3: () => openapiDocuments(all, [...custom.values()].flat()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    serveCustom(crdName, resources) {
      if (resources.length === 0) custom.delete(crdName);
      else custom.set(crdName, resources);
      reindex();
      for (const listener of listeners) listener();
    },
    customResources: (crdName) => custom.get(crdName) ?? [],
  };
}
