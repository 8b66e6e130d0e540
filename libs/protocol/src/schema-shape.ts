import type { Json, JsonObject } from '@meshfleet/model';

/** Schemas within schemas; those of the meshes go to some 20, and OpenAPI's own bound for definitions is about this. */
const DEEPEST = 64;
/** Schemas that one version may consist of; those of a whole pod template are some 2,000. */
const MOST_NODES = 50_000;
/** Characters of a pattern or a rule. */
const LONGEST = 10_000;

type Shape = 'text' | 'flag' | 'number' | 'texts' | 'value' | 'values' | 'schema' | 'schemas' | 'schemaByName' | 'schemaOrFlag' | 'rules';

/** What whoever checks objects reads of a schema (libs/manifest); other words mean nothing to us. */
const SHAPES: Readonly<Record<string, Shape>> = {
  type: 'text',
  format: 'text',
  nullable: 'flag',
  default: 'value',
  enum: 'values',
  properties: 'schemaByName',
  additionalProperties: 'schemaOrFlag',
  items: 'schema',
  required: 'texts',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'flag',
  exclusiveMaximum: 'flag',
  multipleOf: 'number',
  minLength: 'number',
  maxLength: 'number',
  pattern: 'text',
  minItems: 'number',
  maxItems: 'number',
  uniqueItems: 'flag',
  minProperties: 'number',
  maxProperties: 'number',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
  'x-kubernetes-int-or-string': 'flag',
  'x-kubernetes-preserve-unknown-fields': 'flag',
  'x-kubernetes-embedded-resource': 'flag',
  'x-kubernetes-list-type': 'text',
  'x-kubernetes-list-map-keys': 'texts',
  'x-kubernetes-map-type': 'text',
  'x-kubernetes-validations': 'rules',
};

/**
 * What of a schema that somebody sent is not as OpenAPI's structural schemas are, or larger than any that is meant well;
 * undefined when nothing is. What passes can be walked and compiled without looking at each part again.
 */
export function schemaProblem(schema: JsonObject): string | undefined {
  const open: { readonly node: Json; readonly depth: number; readonly at: string }[] = [{ node: schema, depth: 0, at: '' }];
  for (let nodes = 0; open.length > 0; nodes += 1) {
    const { node, depth, at } = open.pop() ?? { node: null, depth: 0, at: '' };
    if (nodes >= MOST_NODES) return `it consists of more than ${MOST_NODES} schemas`;
    if (depth > DEEPEST) return `it is nested deeper than ${DEEPEST} schemas`;
    if (!isObject(node)) return `${at.slice(0, 200)} is no schema`;
    for (const [word, value] of Object.entries(node)) {
      const shape = Object.hasOwn(SHAPES, word) ? SHAPES[word] : undefined;
      if (shape === undefined || value === undefined) continue;
      const inner = schemasIn(shape, value);
      if (inner === undefined) return `${at.slice(0, 200)}.${word} is not as it should be`;
      for (const [name, each] of inner) open.push({ node: each, depth: depth + 1, at: `${at}.${word}${name === '' ? '' : `.${name}`}` });
    }
  }
  return undefined;
}

const NONE: readonly (readonly [string, Json])[] = [];

/** The schemas within a word's value; undefined when it has another shape. */
function schemasIn(shape: Shape, value: Json): readonly (readonly [string, Json])[] | undefined {
  switch (shape) {
    case 'text':
      return typeof value === 'string' && value.length <= LONGEST ? NONE : undefined;
    case 'flag':
      return typeof value === 'boolean' ? NONE : undefined;
    case 'number':
      return typeof value === 'number' ? NONE : undefined;
    case 'texts':
      return Array.isArray(value) && value.every((each) => typeof each === 'string') ? NONE : undefined;
    case 'value':
      return isShallow(value, DEEPEST) ? NONE : undefined;
    case 'values':
      return Array.isArray(value) && isShallow(value, DEEPEST) ? NONE : undefined;
    case 'schema':
      return [['', value]];
    case 'schemaOrFlag':
      return typeof value === 'boolean' ? NONE : [['', value]];
    case 'schemas':
      return Array.isArray(value) ? (value as readonly Json[]).map((each, index) => [String(index), each]) : undefined;
    case 'schemaByName':
      return isObject(value) ? Object.entries(value) : undefined;
    case 'rules':
      return Array.isArray(value) && (value as readonly Json[]).every(isRule) ? NONE : undefined;
  }
}

function isRule(value: Json): boolean {
  return isObject(value) && typeof value['rule'] === 'string' && value['rule'].length <= LONGEST && isShallow(value, 2);
}

function isShallow(value: Json, left: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((each: Json) => isShallow(each, left - 1));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
