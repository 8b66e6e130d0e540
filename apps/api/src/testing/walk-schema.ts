import { getNamedType, isInterfaceType, isObjectType, isNonNullType, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';

const DEEPEST = 7;

/**
 * A selection of every field of a type, and of the types below it, none inside itself; lists by pages of two. Of nodes below
 * it only what they say of themselves: each of them is the top of a selection of its own.
 */
export function selectEverything(type: GraphQLNamedType, schema: GraphQLSchema, path: readonly string[] = []): string {
  if (isInterfaceType(type)) {
    const parts = schema.getPossibleTypes(type).map((possible) => `... on ${possible.name} ${selectEverything(possible, schema, path)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  if (!isObjectType(type)) return '';
  const below = [...path, type.name];
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (path.length > 0 && isNode(type) && isObjectType(inner)) return [];
    if (path.length >= DEEPEST || path.includes(inner.name) || inner.name === type.name || lacksArguments(field)) return [];
    const selection = selectEverything(inner, schema, below);
    return isObjectType(inner) && selection === '{ __typename  }' ? [] : [`${field.name}${pageArguments(field)} ${selection}`];
  });
  return `{ __typename ${fields.join(' ')} }`;
}

/** {@link selectEverything} in parts, each small enough for one query: one for each field that leads to other objects. */
export function selectInParts(type: GraphQLNamedType, schema: GraphQLSchema): string[] {
  if (!isObjectType(type)) return [selectEverything(type, schema)];
  const fields = Object.values(type.getFields()).filter((field) => getNamedType(field.type).name !== type.name && !lacksArguments(field));
  const leading = fields.filter((field) => isObjectType(getNamedType(field.type)) || isInterfaceType(getNamedType(field.type)));
  const plain = fields.filter((field) => !leading.includes(field)).map(({ name }) => name);
  return [
    `{ __typename ${plain.join(' ')} }`,
    ...leading.map((field) => `{ __typename ${field.name}${pageArguments(field)} ${selectEverything(getNamedType(field.type), schema, [type.name])} }`),
  ];
}

/** Names `Type.field` of everything in an answer that is not null. */
export function seenFields(value: unknown, seen = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) seenFields(item, seen);
  else if (typeof value === 'object' && value !== null) {
    const { __typename: typename } = value as { __typename?: unknown };
    for (const [field, inner] of Object.entries(value)) {
      if (typeof typename === 'string' && inner !== null && inner !== undefined) seen.add(`${typename}.${field}`);
      seenFields(inner, seen);
    }
  }
  return seen;
}

/** Every `Type.field` of the schema, roots and payloads of mutations left out. */
export function allFields(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'))
    .filter(({ name }) => !['Query', 'Mutation', 'Subscription'].includes(name) && !name.endsWith('Payload'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
}

function isNode(type: GraphQLObjectType): boolean {
  return type.getInterfaces().some(({ name }) => name === 'Node');
}

function pageArguments(field: GraphQLField<unknown, unknown>): string {
  return field.args.some((arg) => arg.name === 'first') ? '(first: 2)' : '';
}

function lacksArguments(field: GraphQLField<unknown, unknown>): boolean {
  return field.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined);
}
