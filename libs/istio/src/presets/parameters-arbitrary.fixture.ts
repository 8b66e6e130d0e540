import fc from 'fast-check';
import { z } from 'zod';

/**
 * Values that a schema of parameters lets through, or nearly: refinements are for the caller to filter by. Built from the
 * JSON schema that forms are made from, so that this is tried too.
 */
export function arbitraryParameters(schema: z.ZodType, known: Known = {}): fc.Arbitrary<unknown> {
  return arbitraryOf(z.toJSONSchema(schema, { io: 'input' }) as Node, known);
}

/** What is there to be named: values for the fields of such a name, in place of any that fit. */
interface Known {
  readonly namespaces?: readonly string[];
}

interface Node {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly examples?: readonly unknown[];
}

function arbitraryOf(node: Node, known: Known): fc.Arbitrary<unknown> {
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  // Texts that no pattern tells all about bring examples of their own; now and then the pattern is taken at its word.
  if (node.examples !== undefined) {
    const examples = fc.constantFrom(...node.examples);
    return node.type === 'string' && node.pattern !== undefined ? fc.oneof({ weight: 3, arbitrary: examples }, { weight: 1, arbitrary: text(node, {}) }) : examples;
  }
  const either = node.oneOf ?? node.anyOf;
  if (either !== undefined) return fc.oneof(...either.map((one) => arbitraryOf(one, known)));
  switch (node.type) {
    case 'object':
      return node.properties === undefined ? dictionary(node, known) : record(node.properties, node.required ?? [], known);
    case 'array':
      return fc.array(arbitraryOf(node.items ?? {}, known), { minLength: node.minItems ?? 0, maxLength: Math.min(node.maxItems ?? 3, (node.minItems ?? 0) + 2) });
    case 'integer':
      return fc.integer({ min: node.exclusiveMinimum === undefined ? (node.minimum ?? 0) : node.exclusiveMinimum + 1, max: Math.min(node.maximum ?? 70_000, 70_000) });
    case 'number':
      return fc.integer({ min: Math.ceil(node.minimum ?? 0) * 10 + (node.exclusiveMinimum === undefined ? 0 : 1), max: Math.floor(node.maximum ?? 1000) * 10 }).map((tenths) => tenths / 10);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return text(node, known);
    default:
      throw new TypeError(`No arbitrary for ${JSON.stringify(node)}`);
  }
}

function record(properties: Readonly<Record<string, Node>>, required: readonly string[], known: Known): fc.Arbitrary<unknown> {
  return fc.record(Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, namespaceOr(key, child, known) ?? arbitraryOf(child, known)])), { requiredKeys: [...required] });
}

/** One of the namespaces that there are, or some, where a field of this name is for them. */
function namespaceOr(key: string, { type, minItems }: Node, { namespaces }: Known): fc.Arbitrary<unknown> | undefined {
  if (namespaces === undefined || !/namespaces?$/i.test(key)) return undefined;
  if (type === 'string') return fc.constantFrom(...namespaces);
  return type === 'array' ? fc.subarray([...namespaces], { minLength: minItems ?? 0 }) : undefined;
}

function dictionary({ propertyNames, additionalProperties }: Node, known: Known): fc.Arbitrary<unknown> {
  const values = typeof additionalProperties === 'object' ? arbitraryOf(additionalProperties, known) : fc.constant('');
  return fc.dictionary(text(propertyNames ?? {}, known), values, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
}

/** Short, and without the references that only a cluster can resolve. What is to be there begins with no digit: Services cannot. */
function text({ pattern, minLength }: Node, { namespaces }: Known): fc.Arbitrary<string> {
  if (pattern === undefined) return fc.string({ unit: fc.constantFrom(...'abcxyz019'), minLength: Math.max(minLength ?? 0, 1), maxLength: 12 });
  const plain = pattern.replaceAll(String.raw`|\$\{(?:cluster|var)\.[^{}]+\}`, '');
  return fc.stringMatching(new RegExp(plain), { size: 'xsmall' }).filter((made) => made.length <= 60 && (namespaces === undefined || !/^\d/.test(made)));
}
