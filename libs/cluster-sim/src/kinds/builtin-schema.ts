import type { JsonObject } from '@meshfleet/model';
import type { SchemaNode } from '../seam.ts';
import { builtinSchemas } from './facts.ts';

const REF_PREFIX = '#/components/schemas/';
/** Types whose content Kubernetes keeps as it came, whatever its OpenAPI says about them. */
const OPEN_TYPES = new Set([
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
]);
const COPIED_KEYS = [
  'type', 'format', 'required', 'oneOf',
  'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type',
  'x-kubernetes-patch-merge-key', 'x-kubernetes-patch-strategy', 'x-kubernetes-unions', 'x-kubernetes-group-version-kind',
] as const;

const named = new Map<string, SchemaNode>();
const typeNames = new WeakMap<SchemaNode, string>();
const kindsByGvk = new Map<string, string>();

/**
 * The schema of a built-in type as a graph of nodes: references are followed by getters, so recursive types cost nothing until
 * they are read. Every cluster of the process shares one graph, and compiled schemas are cached by node identity.
 */
export function builtinSchema(typeName: string): SchemaNode | undefined {
  const existing = named.get(typeName);
  if (existing) return existing;
  const raw = builtinSchemas[typeName];
  if (!raw) return undefined;
  const node = toNode(raw, OPEN_TYPES.has(typeName));
  named.set(typeName, node);
  typeNames.set(node, typeName);
  return node;
}

/** Full name of the type that carries a group, version and kind: `io.k8s.api.apps.v1.Deployment`. */
export function builtinTypeName(group: string, version: string, kind: string): string | undefined {
  if (kindsByGvk.size === 0) indexKinds();
  return kindsByGvk.get(`${group}/${version}/${kind}`);
}

/** Full name of the type behind a node. */
export function typeNameOf(node: SchemaNode): string | undefined {
  return typeNames.get(node);
}

/** The Go type behind a node (`DeploymentSpec`), as decoding errors of a kube-apiserver name it. */
export function goTypeOf(node: SchemaNode): string | undefined {
  return typeNames.get(node)?.split('.').at(-1);
}

function indexKinds(): void {
  for (const [name, schema] of Object.entries(builtinSchemas)) {
    // The generator keeps this extension only in the shape that kube-openapi writes.
    const gvks = (schema['x-kubernetes-group-version-kind'] ?? []) as unknown as { group: string; version: string; kind: string }[];
    // Types of the meta group (DeleteOptions, WatchEvent) claim every group: they are no resource's own type.
    if (gvks.length !== 1) continue;
    for (const gvk of gvks) kindsByGvk.set(`${gvk.group}/${gvk.version}/${gvk.kind}`, name);
  }
}

function toNode(raw: JsonObject, open: boolean): SchemaNode {
  const target = referenceOf(raw);
  if (target !== undefined) return referenceNode(raw, target);
  const node: Record<string, unknown> = {};
  for (const key of COPIED_KEYS) if (raw[key] !== undefined) node[key] = raw[key];
  if (open) node['x-kubernetes-preserve-unknown-fields'] = true;
  if (raw['format'] === 'int-or-string') node['x-kubernetes-int-or-string'] = true;
  // kube-openapi writes Go's zero values as defaults of required fields; the others (protocol: TCP) are real.
  const fallback = raw['default'];
  if (fallback !== undefined && !isObject(fallback)) node[fallback === '' || fallback === 0 || fallback === false ? 'zeroDefault' : 'default'] = fallback;
  const properties = raw['properties'];
  if (isObject(properties)) lazily(node, 'properties', () => mapValues(properties, (child) => toNode(child, false)));
  const items = raw['items'];
  if (isObject(items)) lazily(node, 'items', () => toNode(items, false));
  const additional = raw['additionalProperties'];
  if (isObject(additional)) lazily(node, 'additionalProperties', () => toNode(additional, false));
  // Built of the fields of a SchemaNode alone, some of which are made when they are first read.
  return node as SchemaNode;
}

/** `{allOf: [{$ref}], default: {}}` is how kube-openapi writes "a field of that type": its defaults are Go's zero values, not defaulting. */
function referenceNode(raw: JsonObject, target: string): SchemaNode {
  const extensions = COPIED_KEYS.filter((key) => key !== 'type' && raw[key] !== undefined);
  const base = builtinSchema(target) ?? {};
  const byValue = isObject(raw['default']) && Object.keys(raw['default']).length === 0;
  if (extensions.length === 0) return byValue ? zeroVariant(base) : base;
  return derivedNode(base, raw, extensions, byValue);
}

const zeroVariants = new WeakMap<SchemaNode, SchemaNode>();

/** The same type as a field held by value; one node per type, so that what is compiled for it stays shared. */
function zeroVariant(base: SchemaNode): SchemaNode {
  let variant = zeroVariants.get(base);
  if (variant === undefined) {
    variant = derivedNode(base, {}, [], true);
    zeroVariants.set(base, variant);
  }
  return variant;
}

function derivedNode(base: SchemaNode, raw: JsonObject, extensions: readonly string[], byValue: boolean): SchemaNode {
  const node: Record<string, unknown> = {};
  // Its own keys.
  for (const key of Object.keys(base)) lazily(node, key, () => base[key as keyof SchemaNode]);
  for (const key of extensions) Object.defineProperty(node, key, { value: raw[key], enumerable: true, configurable: true });
  if (byValue) node['zeroStruct'] = true;
  // The base's fields and the extensions' are those of a SchemaNode.
  const derived = node as SchemaNode;
  const typeName = typeNames.get(base);
  if (typeName !== undefined) typeNames.set(derived, typeName);
  return derived;
}

function referenceOf(raw: JsonObject): string | undefined {
  const direct = raw['$ref'];
  if (typeof direct === 'string') return direct.slice(REF_PREFIX.length);
  const all = raw['allOf'];
  if (Array.isArray(all) && all.length === 1 && isObject(all[0])) return referenceOf(all[0]);
  return undefined;
}

function lazily(node: Record<string, unknown>, key: string, make: () => unknown): void {
  Object.defineProperty(node, key, {
    enumerable: true,
    configurable: true,
    get() {
      const value = make();
      Object.defineProperty(node, key, { value, enumerable: true });
      return value;
    },
  });
}

function mapValues(record: JsonObject, map: (child: JsonObject) => SchemaNode): Record<string, SchemaNode> {
  const result: Record<string, SchemaNode> = {};
  for (const [key, child] of Object.entries(record)) if (isObject(child)) lazily(result, key, () => map(child));
  return result;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
