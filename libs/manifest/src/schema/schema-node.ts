import type { Json } from '@meshfleet/model';

/**
 * One node of a structural OpenAPI v3 schema, as a CustomResourceDefinition carries it.
 * Built-in kinds use the same shape; there a property may be a getter that resolves a reference lazily.
 */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly not?: SchemaNode;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** One entry of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** The schema of values under `additionalProperties`, when it is a schema and not a mere yes or no. */
export function valueSchema(node: SchemaNode): SchemaNode | undefined {
  const additional = node.additionalProperties;
  return typeof additional === 'object' ? additional : undefined;
}

/** The child schema that a key of an object falls under; undefined for keys the schema does not know. */
export function childSchema(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (node === undefined) return undefined;
  const properties = node.properties;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return valueSchema(node);
}

/** True when a node or any node below it fulfils the predicate. Schemas of built-in kinds may be cyclic. */
export function anyNode(root: SchemaNode, predicate: (node: SchemaNode) => boolean): boolean {
  const seen = new Set<SchemaNode>();
  const visit = (node: SchemaNode | undefined): boolean => {
    if (node === undefined || seen.has(node)) return false;
    seen.add(node);
    if (predicate(node) || visit(node.items) || visit(valueSchema(node))) return true;
    return node.properties !== undefined && Object.values(node.properties).some(visit);
  };
  return visit(root);
}
