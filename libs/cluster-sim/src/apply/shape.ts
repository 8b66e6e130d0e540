import type { SchemaNode } from '../seam.ts';

/** A subtree without a schema: maps merge field by field, lists are one value, as structured-merge-diff deduces it. */
export const DEDUCED = Symbol('deduced');
export type TypeNode = SchemaNode | typeof DEDUCED;

export type Shape =
  | { readonly kind: 'scalar'; readonly types: readonly ScalarType[] }
  | { readonly kind: 'list'; readonly relation: 'atomic' | 'set' | 'map'; readonly keys: readonly string[]; readonly item: TypeNode }
  | { readonly kind: 'map'; readonly atomic: boolean; readonly fields: { readonly [name: string]: SchemaNode }; readonly element: TypeNode | undefined };

export type ScalarType = 'string' | 'numeric' | 'boolean';

/** The metadata of custom resources and of embedded ones: their own schemas may not speak of it. */
export const OBJECT_META: SchemaNode = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    generateName: { type: 'string' },
    namespace: { type: 'string' },
    selfLink: { type: 'string' },
    uid: { type: 'string' },
    resourceVersion: { type: 'string' },
    generation: { type: 'integer' },
    creationTimestamp: { type: 'string' },
    deletionTimestamp: { type: 'string' },
    deletionGracePeriodSeconds: { type: 'integer' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: { type: 'object', 'x-kubernetes-map-type': 'atomic', 'x-kubernetes-preserve-unknown-fields': true },
    },
    managedFields: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  },
};

const TYPE_META = { apiVersion: { type: 'string' }, kind: { type: 'string' } } as const;
const shapes = new WeakMap<SchemaNode, Shape>();
const roots = new WeakMap<SchemaNode, SchemaNode>();

/** The schema of a whole object: with apiVersion, kind and metadata, whatever a CRD wrote about them. */
export function rootNode(node: SchemaNode): SchemaNode {
  let root = roots.get(node);
  if (root === undefined) {
    root = { ...node, type: 'object', properties: { ...node.properties, ...TYPE_META, metadata: OBJECT_META } };
    roots.set(node, root);
  }
  return root;
}

/** How a node's values are merged and owned. The value decides where the schema leaves it open. */
export function shapeOf(node: TypeNode, value: unknown): Shape {
  if (node === DEDUCED) return deducedShape(value);
  let shape = shapes.get(node);
  if (shape === undefined) {
    shape = declaredShape(node);
    if (shape !== undefined) shapes.set(node, shape);
  }
  return shape ?? deducedShape(value);
}

/** The type of a map's field; undefined when the schema does not declare it. */
export function fieldNode(shape: Shape & { kind: 'map' }, name: string): TypeNode | undefined {
  return Object.hasOwn(shape.fields, name) ? shape.fields[name] : shape.element;
}

const SCALAR: Shape = { kind: 'scalar', types: ['string', 'numeric', 'boolean'] };
const DEDUCED_LIST: Shape = { kind: 'list', relation: 'atomic', keys: [], item: DEDUCED };
const DEDUCED_MAP: Shape = { kind: 'map', atomic: false, fields: {}, element: DEDUCED };

function deducedShape(value: unknown): Shape {
  if (Array.isArray(value)) return DEDUCED_LIST;
  return typeof value === 'object' && value !== null ? DEDUCED_MAP : SCALAR;
}

function declaredShape(node: SchemaNode): Shape | undefined {
  // Of whatever scalar type: structured-merge-diff's schemas have no union of two.
  if (node['x-kubernetes-int-or-string'] === true) return SCALAR;
  if (node.type === 'array' || node.items !== undefined) return listShape(node);
  if (node.type === 'string') return { kind: 'scalar', types: ['string'] };
  if (node.type === 'integer' || node.type === 'number') return { kind: 'scalar', types: ['numeric'] };
  if (node.type === 'boolean') return { kind: 'scalar', types: ['boolean'] };
  return mapShape(node);
}

function mapShape(node: SchemaNode): Shape | undefined {
  const embedded = node['x-kubernetes-embedded-resource'] === true;
  const atomic = node['x-kubernetes-map-type'] === 'atomic';
  const open = node['x-kubernetes-preserve-unknown-fields'] === true || node.additionalProperties === true;
  const element = typeof node.additionalProperties === 'object' ? node.additionalProperties : open ? DEDUCED : undefined;
  if (node.properties === undefined && element === undefined && !embedded) {
    // An object that declares nothing is untyped.
    return atomic ? { kind: 'map', atomic, fields: {}, element: DEDUCED } : undefined;
  }
  const fields = embedded ? { ...node.properties, ...TYPE_META, metadata: OBJECT_META } : (node.properties ?? {});
  return { kind: 'map', atomic, fields, element };
}

function listShape(node: SchemaNode): Shape {
  const item: TypeNode = node.items ?? DEDUCED;
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  switch (node['x-kubernetes-list-type']) {
    case 'map':
      return { kind: 'list', relation: 'map', keys, item };
    case 'set':
      return { kind: 'list', relation: 'set', keys: [], item };
    case 'atomic':
      return { kind: 'list', relation: 'atomic', keys: [], item };
    default:
      return legacyListShape(node, item);
  }
}

/** Types older than list-type say it by their strategic-merge-patch tags. */
function legacyListShape(node: SchemaNode, item: TypeNode): Shape {
  const strategies = node['x-kubernetes-patch-strategy']?.split(',') ?? [];
  const key = node['x-kubernetes-patch-merge-key'];
  if (!strategies.includes('merge')) return { kind: 'list', relation: 'atomic', keys: [], item };
  return key === undefined ? { kind: 'list', relation: 'set', keys: [], item } : { kind: 'list', relation: 'map', keys: [key], item };
}
