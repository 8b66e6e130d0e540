import type { SchemaNode } from './schema-node.ts';

/**
 * A schema without what runs somebody's program: regular expressions and CEL rules, whose time nothing bounds. Types,
 * fields, enums and bounds stay. It takes all that the whole schema takes, and more: where fewer demands would refuse more
 * (`not`, `oneOf`), these go as a whole. Equal nodes stay equal.
 */
export function withoutRules(schema: SchemaNode): SchemaNode {
  return strip(schema, new Map());
}

function strip(node: SchemaNode, done: Map<SchemaNode, SchemaNode>): SchemaNode {
  if (typeof node !== 'object' || node === null) return node;
  const known = done.get(node);
  if (known !== undefined) return known;
  const child = (each: SchemaNode): SchemaNode => strip(each, done);
  const list = (nodes: readonly SchemaNode[]): readonly SchemaNode[] => (Array.isArray(nodes) ? keepSame(nodes, nodes.map(child)) : nodes);
  const { pattern, 'x-kubernetes-validations': rules, not, oneOf, ...kept } = node;
  const { properties, additionalProperties, items, allOf, anyOf } = kept;
  const next: SchemaNode = {
    ...kept,
    ...(properties === undefined ? {} : { properties: stripProperties(properties, child) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: child(additionalProperties) } : {}),
    ...(items === undefined ? {} : { items: child(items) }),
    ...(allOf === undefined ? {} : { allOf: list(allOf) }),
    ...(anyOf === undefined ? {} : { anyOf: list(anyOf) }),
    ...(not !== undefined && child(not) === not ? { not } : {}),
    ...(oneOf !== undefined && list(oneOf) === oneOf ? { oneOf } : {}),
  };
  const same = pattern === undefined && rules === undefined && (Object.keys(node) as (keyof SchemaNode)[]).every((key) => next[key] === node[key]);
  const stripped = same ? node : next;
  done.set(node, stripped);
  return stripped;
}

function stripProperties(properties: Readonly<Record<string, SchemaNode>>, child: (node: SchemaNode) => SchemaNode): Readonly<Record<string, SchemaNode>> {
  const stripped = Object.entries(properties).map(([name, node]) => [name, child(node)] as const);
  return stripped.every(([name, node]) => properties[name] === node) ? properties : Object.fromEntries(stripped);
}

function keepSame(nodes: readonly SchemaNode[], stripped: readonly SchemaNode[]): readonly SchemaNode[] {
  return stripped.every((node, index) => node === nodes[index]) ? nodes : stripped;
}
