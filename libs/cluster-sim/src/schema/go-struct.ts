import facts from '../generated/kubernetes-protobuf.json' with { type: 'json' };

type Fact = readonly [number: number, name: string, type: string, held: number];
type Fields = Record<string, unknown>;
type Shape = 'text' | 'number' | 'boolean' | 'container' | 'struct' | 'open';

interface GoField {
  readonly name: string;
  readonly shape: Shape;
  readonly pointer: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** The message type behind a struct. */
  readonly type: string;
}

// The generator writes exactly this shape; JSON imports widen tuples to arrays.
const messages = facts.messages as unknown as { readonly [type: string]: readonly Fact[] };
const structs = new Map<string, readonly GoField[]>();
const SHAPES: { readonly [type: string]: Shape } = {
  string: 'text', bytes: 'text', byte: 'number', int: 'number', double: 'number', bool: 'boolean',
  time: 'open', microTime: 'open', duration: 'open', rawJson: 'open', intOrString: 'open', quantity: 'open', unknown: 'open',
};

/** The fields of a Go struct by the name of its OpenAPI type; undefined for types whose Go form is not known. */
export function goStruct(openApiType: string): readonly GoField[] | undefined {
  const type = openApiType.replace('io.k8s.apimachinery.pkg.apis.', '~').replace('io.k8s.api.', '^').replace(/\.(v\w+)\.(\w+)$/, '/$1.$2');
  return messages[type] === undefined ? undefined : structFields(type);
}

function structFields(type: string): readonly GoField[] {
  let fields = structs.get(type);
  if (fields === undefined) {
    fields = (messages[type] ?? []).flatMap(([, name, fieldType, held]) => (name === '' ? structFields(fieldType) : [goField(name, fieldType, held)]));
    structs.set(type, fields);
  }
  return fields;
}

function goField(name: string, type: string, held: number): GoField {
  const shape = type.startsWith('[]') || type.startsWith('{}') || type.startsWith('items:') ? 'container' : (SHAPES[type] ?? 'struct');
  return { name, shape, pointer: (held & 1) !== 0, omitEmpty: (held & 2) !== 0, omitZero: (held & 4) !== 0, type };
}

/**
 * Makes a decoded object what Go's encoding/json writes of its struct: empty values vanish where the tag says omitempty, and what the struct
 * holds by value is there even if nobody set it. In place.
 */
export function shapeAsGo(value: Fields, fields: readonly GoField[]): void {
  for (const field of fields) {
    const current = value[field.name];
    if (field.pointer) {
      if (current === undefined && !field.omitEmpty) value[field.name] = null;
    } else if (current === undefined || current === null) {
      fill(value, field);
    } else if (isEmpty(field, current) && (field.omitEmpty || field.omitZero)) {
      Reflect.deleteProperty(value, field.name);
    }
  }
}

function fill(value: Fields, field: GoField): void {
  if (field.shape === 'struct') {
    if (field.omitZero) Reflect.deleteProperty(value, field.name);
    else value[field.name] = emptyStruct(field.type);
    return;
  }
  // Times, quantities and the like have zero values of their own, which the rules of their kinds know.
  if (field.omitEmpty || field.omitZero || field.shape === 'open') {
    if (value[field.name] === null) Reflect.deleteProperty(value, field.name);
    return;
  }
  value[field.name] = ZERO[field.shape];
}

const ZERO = { text: '', number: 0, boolean: false, container: null } as const;

const empties = new Map<string, Fields>();

/** A struct of a named OpenAPI type before anything is set. Shared: not to be changed. */
export function emptyStructOf(openApiType: string): Readonly<Fields> {
  let empty = empties.get(openApiType);
  if (empty === undefined) {
    empty = {};
    shapeAsGo(empty, goStruct(openApiType) ?? []);
    empties.set(openApiType, empty);
  }
  return empty;
}

function emptyStruct(type: string): Fields {
  const out: Fields = {};
  shapeAsGo(out, structFields(type));
  return out;
}

function isEmpty({ shape, omitZero }: GoField, value: unknown): boolean {
  switch (shape) {
    case 'text':
      return value === '';
    case 'number':
      return value === 0;
    case 'boolean':
      return value === false;
    case 'container':
      return Array.isArray(value) ? value.length === 0 : typeof value === 'object' && Object.keys(value as object).length === 0;
    case 'struct':
      return omitZero && typeof value === 'object' && Object.keys(value as object).length === 0;
    default:
      return false;
  }
}

/**
 * What etcd gives back: built-ins are kept as protobuf, which cannot tell an empty list or map from none, so those that Go always writes come
 * back as null. In place.
 */
export function forgetEmpty(value: unknown, fields: readonly GoField[]): void {
  if (typeof value !== 'object' || value === null) return;
  // Walked along the struct's own fields: a JSON object.
  const record = value as Fields;
  for (const field of fields) {
    const current = record[field.name];
    if (current === undefined || current === null) continue;
    if (field.shape === 'container' && isEmpty(field, current)) {
      record[field.name] = null;
      continue;
    }
    const below = structFields(field.type.replace(/^(\[\]|\{\}|items:)/, ''));
    if (below.length === 0) continue;
    if (field.shape === 'struct') forgetEmpty(current, below);
    else if (field.shape === 'container') for (const item of Object.values(current)) forgetEmpty(item, below);
  }
}

/**
 * Where the writer's own JSON says that a list or map is empty: what {@link forgetEmpty} would forget, as `spec.template.metadata.labels` or `webhooks[0].rules`.
 * The object's own metadata is left out. `value` may be JSON that nobody has checked.
 */
export function pathsSaidEmpty(value: object, openApiType: string): ReadonlySet<string> {
  const paths = new Set<string>();
  // Read by the names of the struct's fields.
  for (const field of goStruct(openApiType) ?? []) if (field.name !== 'metadata') collectEmpty((value as Fields)[field.name], field, field.name, paths);
  return paths;
}

/** Whether anything at or below a path is said to be empty. */
export function saidEmptyWithin(paths: ReadonlySet<string> | undefined, path: string): boolean {
  return paths !== undefined && [...paths].some((said) => said === path || said.startsWith(`${path}.`) || said.startsWith(`${path}[`));
}

function collectEmpty(current: unknown, field: GoField, path: string, paths: Set<string>): void {
  if (typeof current !== 'object' || current === null) return;
  if (field.shape === 'container' && isEmpty(field, current)) {
    paths.add(path);
    return;
  }
  const below = structFields(field.type.replace(/^(\[\]|\{\}|items:)/, ''));
  if (below.length === 0) return;
  const inside = (holder: unknown, at: string): void => {
    if (typeof holder !== 'object' || holder === null) return;
    // An object by the check above.
    for (const inner of below) collectEmpty((holder as Fields)[inner.name], inner, `${at}.${inner.name}`, paths);
  };
  if (field.shape === 'struct') inside(current, path);
  else if (field.shape === 'container') for (const [key, item] of Object.entries(current)) inside(item, `${path}[${key}]`);
}
